/// Credential: what is stored of a passkey. Only public halves; a platform credential adds the TPM's own
/// wrapped blob.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "common/account.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/way.h"
#include "webauthn/rp_id.h"

namespace passkeyd {

/// COSE algorithm identifiers (RFC 9053, RFC 8812). Anything else is refused.
enum class Algorithm : int { Es256 = -7, EdDsa = -8, Rs256 = -257 };

std::optional<Algorithm> algorithm_of(int cose);

/// A public key as its COSE_Key bytes (RFC 9052 section 7), kept exactly as the authenticator gave them.
struct PublicKey {
  Algorithm algorithm = Algorithm::Es256;
  Bytes cose;
  bool operator==(const PublicKey &) const = default;
};

/// Authenticator Attestation GUID: the model, as the authenticator claims it. Means nothing without
/// attestation.
using Aaguid = std::array<std::uint8_t, 16>;

/// What stands behind the claim to be of that model. Names are stored: add at will, rename never.
enum class Attestation {
  Unknown,    ///< enrolled before this was kept
  None,       ///< the authenticator says nothing for itself
  Self,       ///< signed by the new key only
  Untrusted,  ///< signed by a certificate that leads to nobody who is trusted here
  Trusted,    ///< signed, and the certificates lead to a root that the administrator trusts
};

/// "unknown", "none", "self", "untrusted", "trusted".
std::string_view name_of(Attestation attestation);
std::optional<Attestation> attestation_of(std::string_view name);

/// "b4e6bcc6-bd21-4be9-ab56-854741bf193b".
std::string text_of(const Aaguid &aaguid);
/// As RFC 9562 section 4 writes a UUID, in either case; nullopt for anything else.
std::optional<Aaguid> aaguid_of(std::string_view text);

/// Longest user handle, in bytes (WebAuthn 5.4.3).
inline constexpr std::size_t kMaxUserHandle = 64;

enum class CredentialState {
  Revoked,    ///< a tombstone; never usable again
  Suspended,  ///< not usable until an administrator looks (possible clone)
  Active,
};

/// "revoked", "suspended", "active".
std::string_view name_of(CredentialState state);
std::optional<CredentialState> credential_state_of(std::string_view name);

/// What people call a credential by on a command line: ten hexadecimal digits of its id's SHA-256. Says
/// nothing of the id itself, whose beginning may be the same for all credentials of one model.
std::string short_id(ByteView credential_id);

struct Credential {
  std::int64_t row = 0;  ///< the ledger's number for it; 0 before it is stored
  Bytes id;              ///< credential id, 1 to 1023 bytes (WebAuthn 6.5.1)
  PublicKey key;
  RpId rp_id;
  Account owner;
  Way way = Way::Usb;
  Aaguid aaguid{};
  std::string name;                  ///< what its owner calls it; printable, 1 to 64 bytes
  std::string device;                ///< product string of the authenticator, printable
  bool user_verification = false;    ///< enrolled with it: the policy may ask for it again
  bool built_in_uv = false;          ///< usb: verified by the key's own sensor, so no PIN is asked first
  bool backup_eligible = false;      ///< BE flag: may be synced to other devices
  bool backed_up = false;            ///< BS flag when last seen
  std::uint32_t counter = 0;         ///< signature counter when last seen; 0: never compared
  std::uint32_t max_allow_list = 0;  ///< the key's maxCredentialCountInList; 0: not stated
  Bytes user_handle;  ///< random, says nothing about the person; empty: enrolled before these were kept
  bool discoverable = false;                       ///< usb: the key finds it without being told which
  Attestation attestation = Attestation::Unknown;  ///< as judged at enrollment
  std::string attested_by;  ///< subject of the root it leads to, or issuer of a certificate that leads
                            ///< nowhere; printable, at most 255 bytes
  Bytes certificates;  ///< the attestation's, DER, one after the other, leaf first; at most 16 KiB
  Bytes platform;      ///< tpm only: what tpm/ needs to use it again; opaque here
  CredentialState state = CredentialState::Revoked;
  WallTime created{};
  std::optional<WallTime> last_used{};
};

}  // namespace passkeyd
