/// Gathering what is told about credentials.
#include "daemon/described.h"

#include "daemon/models.h"

namespace passkeyd {
std::string proven_model_name(House &house, const Credential &credential) {
  return credential.attestation == Attestation::Trusted ? model_name(house, credential) : std::string();
}

Result<std::vector<Described>> describe(House &house, const std::vector<Credential> &credentials) {
  if (credentials.size() > kMostDescribed)
    return Error{ErrorKind::Internal, "More passkeys than one answer can hold: ask for less at a time."};
  std::vector<Described> described;
  described.reserve(credentials.size());
  for (const Credential &each : credentials) {
    StateChange change = TRY(house.ledger.state_change_of(each.row));
    described.push_back({each, std::move(change), model_name(house, each), recall_of(house, each)});
  }
  return described;
}

}  // namespace passkeyd
