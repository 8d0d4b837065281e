/// Arguments: an a{sv} from outside, read once and bounded. A key that is asked for must have a value of a
/// type that it can have; a key that nobody asks for belongs to newer callers, and its value may be of any
/// plain type.
#pragma once

#include <systemd/sd-bus.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/handle.h"
#include "common/result.h"

namespace passkeyd {

class Arguments {
 public:
  static constexpr std::size_t kMaxKeys = 32;
  static constexpr std::size_t kMaxArrays = 2;              ///< arrays of bytes
  static constexpr std::size_t kMaxArrayBytes = 16 * 1024;  ///< of each

  /// Reads the message's next argument. Errors: InvalidInput (also for more than anybody needs to say).
  static Result<Arguments> read(sd_bus_message *call);

  [[nodiscard]] bool has(std::string_view key) const { return values_.contains(key); }

  /// A text, or nullopt if the key is absent; a truth (b) is "yes" or "no", a number (x, t, i, u) its digits.
  /// Errors: InvalidInput for a value of any other type.
  [[nodiscard]] Result<std::optional<std::string>> text(std::string_view key) const;

  /// A text for the record, empty if absent. Errors: InvalidInput if it is longer than `most` bytes or not
  /// printable.
  [[nodiscard]] Result<std::string> label(std::string_view key, std::size_t most) const;

  /// A whole number. Errors: InvalidInput.
  [[nodiscard]] Result<std::optional<std::int64_t>> number(std::string_view key) const;

  /// An array of bytes, or nullopt if the key is absent. Errors: InvalidInput for a value of any other type.
  [[nodiscard]] Result<std::optional<Bytes>> bytes(std::string_view key) const;
  /// A file (h) that anybody may still write to; nullopt if the key is absent. Only while the message is
  /// there. Errors: InvalidInput for a value of any other type.
  [[nodiscard]] Result<std::optional<Fd>> file(std::string_view key) const;

  /// Nothing but the keys in `known` (which ends with nullptr). For what a key that is overlooked would make
  /// worse. Errors: InvalidInput.
  [[nodiscard]] Status only(const char *const *known) const;

  template <class T>
  struct Word {
    std::string_view word;
    T value;
  };
  /// One of two words, the first of them if the key is absent. Errors: InvalidInput for any other.
  template <class T>
  [[nodiscard]] Result<T> one_of(std::string_view key, const Word<T> &usual, const Word<T> &other) const {
    const std::optional<std::string> found = TRY(text(key));
    if (!found || *found == usual.word) return usual.value;
    if (*found == other.word) return other.value;
    return Error{ErrorKind::InvalidInput, std::string(key) + " has a value that is not known."};
  }

 private:
  std::map<std::string, std::optional<std::string>, std::less<>> values_;  ///< nullopt: of another type
  std::map<std::string, Bytes, std::less<>> arrays_;                       ///< of those of another type
  std::map<std::string, int, std::less<>> files_;                          ///< the message's own descriptors
};

}  // namespace passkeyd
