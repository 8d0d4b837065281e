/// Bytes: the two ways this project passes octets around. Owning or borrowed, never a bare pointer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace passkeyd {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// The bytes of a text, borrowed: valid as long as the text is.
inline ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()};
}

inline Bytes copy_of(ByteView view) {
  return {view.begin(), view.end()};
}

/// Lowercase hexadecimal, two characters a byte.
std::string to_hex(ByteView bytes);

/// The reverse of to_hex; nullopt for an odd length or a character that is no hexadecimal digit.
std::optional<Bytes> from_hex(std::string_view text);

}  // namespace passkeyd
