/// Cleaning texts, one character at a time.
#include "client/printable.h"

#include "common/account.h"

namespace passkeyd {
namespace {

/// Bytes of the printable character that `text` starts with; 0 if it starts with none. Shorter lengths are
/// tried first, so a match is always a single character.
std::size_t leading_character(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length)
    if (is_printable(text.substr(0, length))) return length;
  return 0;
}

}  // namespace

std::string printable(std::string_view text, std::size_t most) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = leading_character(text);
    const std::string_view shown = length == 0 ? "?" : text.substr(0, length);
    if (clean.size() + shown.size() > most) break;
    clean += shown;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

}  // namespace passkeyd
