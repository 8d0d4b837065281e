/// Sealed are four bytes (format 1, the size of the COSE algorithm number, protection, resident) and the
/// private key.
#include "tests/softkey/credential.h"

#include <algorithm>

namespace passkeyd::softkey {

Bytes make_credential_id(const State &state, const Credential &credential, std::string_view rp_id) {
  Bytes plain = {1, static_cast<std::uint8_t>(-static_cast<int>(credential.algorithm)),
                 static_cast<std::uint8_t>(credential.protection), credential.resident};
  plain.insert(plain.end(), credential.private_key.begin(), credential.private_key.end());
  return seal(state.secret, plain, bytes_of(rp_id));
}

std::optional<Credential> open_credential_id(const State &state, ByteView id, std::string_view rp_id) {
  if (id.size() != kCredentialIdBytes) return std::nullopt;
  const auto plain = unseal(state.secret, id, bytes_of(rp_id));
  if (!plain || plain->at(0) != 1) return std::nullopt;
  const Credential credential{static_cast<Algorithm>(-static_cast<int>(plain->at(1))),
                              static_cast<Protection>(plain->at(2)), plain->at(3) != 0,
                              Bytes(plain->begin() + 4, plain->end())};
  const auto listed = [&](const Resident &one) { return same(one.id, id); };
  if (credential.resident && std::none_of(state.residents.begin(), state.residents.end(), listed))
    return std::nullopt;
  return credential;
}

Bytes credential_random(const State &state, ByteView id, bool user_verified) {
  Bytes label = copy_of(bytes_of(user_verified ? "hmac-secret with UV" : "hmac-secret without UV"));
  label.insert(label.end(), id.begin(), id.end());
  return hmac_sha256(state.secret, label);
}

}  // namespace passkeyd::softkey
