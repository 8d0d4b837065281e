/// Base64, three bytes to four characters.
#include "webauthn/base64url.h"

#include <array>

namespace passkeyd {
namespace {

constexpr std::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What each character stands for; -1: nothing. A table, for some texts have millions of them.
using Values = std::array<std::int8_t, 256>;
constexpr Values values_of(std::string_view alphabet) {
  Values values{};
  values.fill(-1);
  for (std::size_t at = 0; at < alphabet.size(); ++at)
    values[static_cast<unsigned char>(alphabet[at])] = static_cast<std::int8_t>(at);
  return values;
}
constexpr Values kUrlValues = values_of(kUrlAlphabet);
constexpr Values kValues = values_of(kAlphabet);

/// Six bits a character; what is left over at the end must be less than a character, and zeros.
std::optional<Bytes> decode(std::string_view text, const Values &values) {
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  unsigned pending = 0;  // bits not given out yet, at the low end
  int count = 0;
  for (const char character : text) {
    const int value = values[static_cast<unsigned char>(character)];
    if (value < 0) return std::nullopt;
    pending = (pending << 6 | static_cast<unsigned>(value)) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::uint8_t>(pending >> count));
  }
  if (count == 6 || (pending & ((1U << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace

std::string to_base64url(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  unsigned pending = 0;  // bits not written yet, at the low end
  int count = 0;
  for (const std::uint8_t byte : bytes) {
    pending = (pending << 8 | byte) & 0xffff;
    for (count += 8; count >= 6; count -= 6) text += kUrlAlphabet[pending >> (count - 6) & 0x3f];
  }
  if (count > 0) text += kUrlAlphabet[pending << (6 - count) & 0x3f];
  return text;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  return decode(text, kUrlValues);
}

std::optional<Bytes> from_base64(std::string_view text) {
  std::string bare;
  bare.reserve(text.size());
  for (const char character : text)
    if (std::string_view(" \t\r\n").find(character) == std::string_view::npos) bare += character;
  for (int padding = 0; padding < 2 && bare.ends_with('='); ++padding) bare.pop_back();
  return decode(bare, kValues);
}

}  // namespace passkeyd
