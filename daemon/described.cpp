/// Gathering what is told about credentials.
#include "daemon/described.h"

namespace passkeyd {
namespace {

/// The one place that knows what models are called.
std::string model_of(House &, const Credential &) {
  return {};
}

/// The one place that knows which models are warned of.
std::string recall_of(House &, const Credential &) {
  return {};
}

}  // namespace

std::string proven_model_name(House &house, const Credential &credential) {
  return credential.attestation == Attestation::Trusted ? model_of(house, credential) : std::string();
}

Result<std::vector<Described>> describe(House &house, const std::vector<Credential> &credentials) {
  std::vector<Described> described;
  described.reserve(credentials.size());
  for (const Credential &each : credentials) {
    StateChange change = TRY(house.ledger.state_change_of(each.row));
    described.push_back({each, std::move(change), model_of(house, each), recall_of(house, each)});
  }
  return described;
}

}  // namespace passkeyd
