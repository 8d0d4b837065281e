/// State: what the key remembers without power. One file, replaced as a whole at every change, or only
/// memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "tests/softkey/crypto.h"

namespace passkeyd::softkey {

/// A resident (discoverable) credential: its id opens it like any other, this is what is listed.
struct Resident {
  Bytes id;
  std::string rp_id;
  std::string rp_name;
  Bytes user_id;
  std::string user_name;
  std::string user_display_name;
};

struct State {
  static constexpr int kPinTries = 8;
  static constexpr int kUvTries = 5;

  Bytes secret = random_bytes(32);  ///< wraps every credential id; a reset makes a new one
  std::uint32_t counter = 0;        ///< signatures made so far
  Bytes pin_hash;                   ///< first 16 bytes of the PIN's SHA-256; empty: no PIN
  int pin_tries = kPinTries;
  int uv_tries = kUvTries;
  std::vector<Resident> residents;  ///< oldest first

  void set_pin(std::string_view pin);
};

class StateFile {
 public:
  /// `path` empty: memory only. A file that exists is read; otherwise it is made. Errors: Io, Corrupt.
  static Result<StateFile> open(std::string path);

  State state;
  /// Writes the state next to the file and renames. Throws if the disk refuses: a key that forgot a wrong PIN
  /// would be worse than one that stops.
  void save() const;

 private:
  explicit StateFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace passkeyd::softkey
