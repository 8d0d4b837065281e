/// UserName and Account: whose login this is. Parsed once, at the door.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "common/result.h"

namespace passkeyd {

/// A login name that is safe to store, log, show and look up.
class UserName {
 public:
  static constexpr std::size_t kMaxBytes = 255;

  /// Takes any valid UTF-8 without control characters, ':' or '/', that does not start with '-', '+' or '~'
  /// or a space, does not end with a space, is no plain number, and has 1 to kMaxBytes bytes (the relaxed
  /// rule of systemd's user-name documentation). Errors: InvalidInput, with the rule that was broken and
  /// never the name.
  static Result<UserName> parse(std::string_view raw);

  [[nodiscard]] const std::string &str() const { return name_; }
  bool operator==(const UserName &) const = default;

 private:
  explicit UserName(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

/// A name and the number the system gives it now. Both must agree with what is stored before a credential
/// opens anything: names and numbers are handed on when people leave.
struct Account {
  UserName name;
  uid_t uid;
  bool operator==(const Account &) const = default;
};

/// True for well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view text);

/// True if `text` can be shown on a terminal and logged as one line: valid UTF-8 without control characters
/// (C0, DEL, C1) and without the bidirectional overrides U+202A..U+202E, U+2066..U+2069.
bool is_printable(std::string_view text);

}  // namespace passkeyd
