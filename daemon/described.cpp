/// Gathering what is told about credentials.
#include "daemon/described.h"

#include "daemon/models.h"

namespace passkeyd {
std::string proven_model_name(House &house, const Credential &credential) {
  return credential.attestation == Attestation::Trusted ? model_name(house, credential) : std::string();
}

Result<std::vector<Described>> describe(House &house, const std::vector<Credential> &credentials) {
  std::vector<Described> described;
  described.reserve(credentials.size());
  for (const Credential &each : credentials) {
    StateChange change = TRY(house.ledger.state_change_of(each.row));
    described.push_back({each, std::move(change), model_name(house, each), recall_of(house, each)});
  }
  return described;
}

}  // namespace passkeyd
