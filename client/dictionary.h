/// Dictionary: an a{sv} of the daemon's, read off the bus into plain, bounded, printable values. Keys that
/// nobody here knows are kept, so that a newer daemon can say more; types that none of us sends are left out.
#pragma once

#include <systemd/sd-bus.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/result.h"

namespace passkeyd {

class Dictionary {
 public:
  using Value = std::variant<std::string, std::int64_t, bool>;
  static constexpr std::size_t kMaxEntries = 64;
  static constexpr std::size_t kMaxText = 1024;  ///< bytes of a value that are kept

  /// Reads the a{sv} that comes next. Errors: Malformed (no such thing, or absurdly many entries).
  static Result<Dictionary> read(sd_bus_message *message);

  /// Reads "aa{sv}", all there is in `message`. Errors: Malformed, also for more than `most` of them.
  static Result<std::vector<Dictionary>> read_list(sd_bus_message *message, std::size_t most);

  /// Puts the value of `key` into `into`; leaves it as it is if there is none. False: it is of another type.
  bool take(std::string_view key, std::string &into) const;
  bool take(std::string_view key, std::int64_t &into) const;
  bool take(std::string_view key, bool &into) const;
  bool take(std::string_view key, std::optional<std::int64_t> &into) const;

  [[nodiscard]] const std::map<std::string, Value, std::less<>> &entries() const { return entries_; }

 private:
  std::map<std::string, Value, std::less<>> entries_;
};

}  // namespace passkeyd
