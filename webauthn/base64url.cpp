/// Base64url, three bytes to four characters.
#include "webauthn/base64url.h"

namespace passkeyd {

std::string to_base64url(ByteView bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  unsigned pending = 0;  // bits not written yet, at the low end
  int count = 0;
  for (const std::uint8_t byte : bytes) {
    pending = (pending << 8 | byte) & 0xffff;
    for (count += 8; count >= 6; count -= 6) text += kAlphabet[pending >> (count - 6) & 0x3f];
  }
  if (count > 0) text += kAlphabet[pending << (6 - count) & 0x3f];
  return text;
}

}  // namespace passkeyd
