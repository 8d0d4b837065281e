/// Credential: what a credential id opens to. The private key travels inside the id, sealed with the key's
/// own secret and bound to the relying party, so any number of them cost the key no memory.
#pragma once

#include <optional>

#include "tests/softkey/state.h"

namespace passkeyd::softkey {

/// Values of the credProtect extension (CTAP 2.1, section 12.1).
enum class Protection : std::uint8_t { Optional = 1, OptionalWithList = 2, Required = 3 };

struct Credential {
  Algorithm algorithm = Algorithm::Es256;
  Protection protection = Protection::Optional;
  bool resident = false;
  Bytes private_key;
};

/// Length of every credential id this key makes.
inline constexpr std::size_t kCredentialIdBytes = 12 + 4 + 32 + 16;

Bytes make_credential_id(const State &state, const Credential &credential, std::string_view rp_id);
/// nullopt: not made by this key, not for this relying party, or a resident one that was deleted.
std::optional<Credential> open_credential_id(const State &state, ByteView id, std::string_view rp_id);
/// hmac-secret's CredRandom for this credential; another one with user verification than without.
Bytes credential_random(const State &state, ByteView id, bool user_verified);

}  // namespace passkeyd::softkey
