/// The names that credentials are stored under.
#include "webauthn/credential.h"

#include "webauthn/hash.h"

namespace passkeyd {

std::optional<Algorithm> algorithm_of(int cose) {
  switch (static_cast<Algorithm>(cose)) {
    case Algorithm::Es256:
    case Algorithm::EdDsa:
    case Algorithm::Rs256:
      return static_cast<Algorithm>(cose);
  }
  return std::nullopt;
}

std::string_view name_of(CredentialState state) {
  switch (state) {
    case CredentialState::Active:
      return "active";
    case CredentialState::Suspended:
      return "suspended";
    case CredentialState::Revoked:
      break;
  }
  return "revoked";
}

std::optional<CredentialState> credential_state_of(std::string_view name) {
  for (const auto state : {CredentialState::Revoked, CredentialState::Suspended, CredentialState::Active})
    if (name_of(state) == name) return state;
  return std::nullopt;
}

std::string short_id(ByteView credential_id) {
  return to_hex(sha256(credential_id)).substr(0, 10);
}

}  // namespace passkeyd
