/// PIN: what can be one, and the TPM authorization value that is made of it. The PIN itself never reaches
/// the TPM.
#pragma once

#include <cstddef>

#include "common/bytes.h"
#include "common/result.h"
#include "common/secret.h"

namespace passkeyd::tpm {

/// Bounds of a platform PIN in bytes of UTF-8. The upper one is CTAP 2.1's (section 6.5.1), so that one rule
/// can be told for every authenticator; the lower one is ours and asks for six digits or more.
inline constexpr std::size_t kMinPinBytes = 6;
inline constexpr std::size_t kMaxPinBytes = 63;

inline constexpr std::size_t kSaltBytes = 32;

/// Errors: PinInvalid for a PIN out of bounds, or that is not UTF-8. Asked before anything is sent.
Status check_pin(const Secret &pin);

/// HKDF-SHA256 (RFC 5869) of the PIN under the credential's own salt, 32 bytes without their trailing zero
/// bytes: TPMs strip those from authorization values (TPM 2.0 Part 1, "Authorization Values"), and an HMAC
/// made with them would not verify. Errors: Internal if OpenSSL fails.
Result<Secret> auth_value(ByteView salt, const Secret &pin);

}  // namespace passkeyd::tpm
