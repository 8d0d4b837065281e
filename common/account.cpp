/// User names: the rule, and the UTF-8 it rests on.
#include "common/account.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace passkeyd {
namespace {

/// Takes one code point off the front of `text`; nullopt if it is malformed.
std::optional<char32_t> next_code_point(std::string_view &text) {
  const auto byte_at = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  const std::uint8_t lead = byte_at(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  if (length == 0 || text.size() < length) return std::nullopt;
  char32_t point = length == 1 ? lead : lead & (0x7f >> length);
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte_at(at) & 0xc0) != 0x80) return std::nullopt;
    point = point << 6 | (byte_at(at) & 0x3f);
  }
  const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  if (overlong || surrogate || point > 0x10ffff) return std::nullopt;
  text.remove_prefix(length);
  return point;
}

bool shows_itself(char32_t point) {
  const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
  const bool line_break = point == 0x2028 || point == 0x2029;
  const bool bidi = (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
  return !control && !line_break && !bidi;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty())
    if (!next_code_point(text)) return false;
  return true;
}

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const std::optional<char32_t> point = next_code_point(text);
    if (!point || !shows_itself(*point)) return false;
  }
  return true;
}

Result<UserName> UserName::parse(std::string_view raw) {
  const auto refuse = [](const char *why) {
    return Error{ErrorKind::InvalidInput, std::string("user name ") + why};
  };
  if (raw.empty()) return refuse("is empty");
  if (raw.size() > kMaxBytes) return refuse("is longer than 255 bytes");
  if (!is_printable(raw)) return refuse("contains bytes that are no printable UTF-8");
  if (raw.find_first_of(":/") != std::string_view::npos) return refuse("contains ':' or '/'");
  if (std::string_view("-+~ ").find(raw.front()) != std::string_view::npos)
    return refuse("starts with '-', '+', '~' or a space");
  if (raw.back() == ' ') return refuse("ends with a space");
  if (raw == "." || raw == "..") return refuse("is a path");
  if (std::all_of(raw.begin(), raw.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return refuse("is a number");
  return UserName(std::string(raw));
}

}  // namespace passkeyd
