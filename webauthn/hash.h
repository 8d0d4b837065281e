/// SHA-256, the one hash of WebAuthn.
#pragma once

#include <array>
#include <cstdint>

#include "common/bytes.h"

namespace passkeyd {

using Sha256 = std::array<std::uint8_t, 32>;

/// The digest of `bytes` (FIPS 180-4). Throws std::bad_alloc where OpenSSL has no memory left: a wrong digest
/// is never returned.
Sha256 sha256(ByteView bytes);

}  // namespace passkeyd
