/// Counting columns, a character at a time. See wcwidth(3), which goes by the locale.
#include "cli/text_width.h"

#include <cwchar>

namespace passkeyd::cli {
namespace {

struct Character {
  std::size_t bytes = 1;
  std::size_t columns = 1;
};

/// Of the character that valid UTF-8 starts with. What the locale knows nothing of counts as one column.
Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (bytes == 1 || bytes > text.size()) return {};
  auto point = static_cast<char32_t>(lead & (0x7fU >> bytes));
  for (std::size_t at = 1; at < bytes; ++at)
    point = point << 6 | (static_cast<unsigned char>(text[at]) & 0x3fU);
  const int columns = wcwidth(static_cast<wchar_t>(point));
  return {bytes, columns < 0 ? 1 : static_cast<std::size_t>(columns)};
}

constexpr std::string_view kEllipsis = "\u2026";

}  // namespace

std::size_t width_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character next = first_of(text);
    columns += next.columns;
    text.remove_prefix(next.bytes);
  }
  return columns;
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (width_of(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t bytes = 0;
  std::size_t taken = 1;  // the ellipsis
  while (bytes < text.size()) {
    const Character next = first_of(text.substr(bytes));
    if (taken + next.columns > columns) break;
    taken += next.columns;
    bytes += next.bytes;
  }
  return std::string(text.substr(0, bytes)) + std::string(kEllipsis);
}

}  // namespace passkeyd::cli
