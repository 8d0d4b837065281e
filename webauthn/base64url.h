/// Base64 (RFC 4648): without padding and in the alphabet for URLs (section 5), as WebAuthn and JOSE write
/// bytes into JSON, and the common one, as certificates stand in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/bytes.h"

namespace passkeyd {

std::string to_base64url(ByteView bytes);

/// The reverse; nullopt for a character of another alphabet, padding, or a length that no bytes have.
std::optional<Bytes> from_base64url(std::string_view text);

/// Section 4, with padding or without; white space in it is passed over. nullopt for anything else.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace passkeyd
