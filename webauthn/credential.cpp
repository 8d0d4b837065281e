/// The names that credentials are stored under.
#include "webauthn/credential.h"

#include <algorithm>

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

std::string_view name_of(Attestation attestation) {
  switch (attestation) {
    case Attestation::None:
      return "none";
    case Attestation::Self:
      return "self";
    case Attestation::Untrusted:
      return "untrusted";
    case Attestation::Trusted:
      return "trusted";
    case Attestation::Unknown:
      break;
  }
  return "unknown";
}

std::optional<Attestation> attestation_of(std::string_view name) {
  for (const auto each : {Attestation::Unknown, Attestation::None, Attestation::Self, Attestation::Untrusted,
                          Attestation::Trusted})
    if (name_of(each) == name) return each;
  return std::nullopt;
}

std::string text_of(const Aaguid &aaguid) {
  std::string text = to_hex(aaguid);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

std::optional<Aaguid> aaguid_of(std::string_view text) {
  std::string digits;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool hyphen = at == 8 || at == 13 || at == 18 || at == 23;
    if ((text[at] == '-') != hyphen) return std::nullopt;
    if (!hyphen) digits += text[at];
  }
  const std::optional<Bytes> bytes = from_hex(digits);
  Aaguid aaguid{};
  if (text.size() != 36 || !bytes || bytes->size() != aaguid.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), aaguid.begin());
  return aaguid;
}

std::string short_id(ByteView credential_id) {
  return to_hex(sha256(credential_id)).substr(0, 10);
}

}  // namespace passkeyd
