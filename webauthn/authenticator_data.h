/// Authenticator data: what an authenticator says and signs beside the client data (WebAuthn Level 3,
/// section 6.1). Made by tpm/, whose authenticator is ours; taken apart by the verifier, which decides what
/// it means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/bytes.h"
#include "common/result.h"
#include "webauthn/credential.h"
#include "webauthn/hash.h"
#include "webauthn/rp_id.h"

namespace passkeyd {

/// The flags byte.
namespace flag {
inline constexpr std::uint8_t kUserPresent = 0x01;
inline constexpr std::uint8_t kUserVerified = 0x04;
inline constexpr std::uint8_t kBackupEligible = 0x08;
inline constexpr std::uint8_t kBackedUp = 0x10;
inline constexpr std::uint8_t kAttested = 0x40;    ///< attested credential data follows
inline constexpr std::uint8_t kExtensions = 0x80;  ///< extension data follows
}  // namespace flag

/// Attested credential data (section 6.5.1).
struct AttestedCredential {
  Aaguid aaguid{};
  Bytes id;    ///< 1 to 1023 bytes
  Bytes cose;  ///< the public key: one COSE_Key, exactly as given
};

struct AuthenticatorData {
  static constexpr std::size_t kMinBytes = 37;  ///< hash, flags, counter
  static constexpr std::size_t kMaxBytes = 4096;
  static constexpr std::size_t kMaxIdBytes = 1023;

  Sha256 rp_id_hash{};
  std::uint8_t flags = 0;
  std::uint32_t counter = 0;
  std::optional<AttestedCredential> attested;  ///< present exactly if kAttested is set
  Bytes extensions;                            ///< the CBOR map as given; empty without kExtensions

  /// Takes raw authenticator data apart: every part that the flags announce is there and not a byte more.
  /// The key is one well-formed CBOR item and so are the extensions; what they say is not looked at.
  /// Errors: Malformed.
  static Result<AuthenticatorData> parse(ByteView raw);

  [[nodiscard]] bool has(std::uint8_t mask) const { return (flags & mask) == mask; }
};

/// The raw bytes: SHA-256 of the RP ID, flags, big-endian counter, and `attested` if there is one.
/// `flags`: kUserPresent, kUserVerified, kBackupEligible, kBackedUp as they apply; kAttested is set or
/// cleared to match `attested`, and kExtensions is cleared.
Bytes make_authenticator_data(const RpId &rp_id, std::uint8_t flags, std::uint32_t counter,
                              const std::optional<AttestedCredential> &attested = std::nullopt);

}  // namespace passkeyd
