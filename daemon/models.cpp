/// Asking what is known of models.
#include "daemon/models.h"

#include "common/log.h"
#include "webauthn/chain.h"

namespace passkeyd {
namespace {

/// What the metadata says of the credential's model; nullopt: nothing.
Result<std::optional<Model>> known_model(House &house, const Credential &credential) {
  for (const Bytes &id : model_ids_of(credential)) {
    std::optional<Model> model = TRY(house.ledger.model_of(id));
    if (model) return model;
  }
  return std::optional<Model>();
}

/// For listings: what cannot be read is not known, and said in the log.
std::optional<Model> readable_model(House &house, const Credential &credential) {
  Result<std::optional<Model>> model = known_model(house, credential);
  if (model) return std::move(model).value();
  log_line(LogLevel::Error, "models: " + log_safe(model.error().sentence));
  return std::nullopt;
}

/// nullptr: it has none.
const std::string *name_in(const ModelNames &names, const Aaguid &aaguid) {
  const auto found = names.find(aaguid);
  return found == names.end() ? nullptr : &found->second;
}

}  // namespace

Status judge_model(House &house, Credential &credential) {
  if (credential.way == Way::Tpm) return Ok{};
  const std::optional<Model> model = TRY(known_model(house, credential));
  if (model && model->recalled)
    return Error{ErrorKind::ModelRecalled, "FIDO Metadata warns of this model: " + model->status};
  std::vector<Bytes> roots = house.config.trusted_roots;
  if (model) roots.insert(roots.end(), model->roots.begin(), model->roots.end());
  judge_attestation(credential, roots, house.clock.wall());
  const bool required = house.config.attestation == AttestationRule::Required;
  if (required && credential.attestation != Attestation::Trusted)
    return Error{ErrorKind::NotAttested, "attestation is required, and this key's is " +
                                             std::string(name_of(credential.attestation))};
  return Ok{};
}

std::string model_name(House &house, const Credential &credential) {
  if (const std::string *name = name_in(house.config.own_model_names, credential.aaguid)) return *name;
  const std::optional<Model> model = readable_model(house, credential);
  if (model && !model->description.empty()) return model->description;
  const std::string *name = name_in(house.config.shipped_model_names, credential.aaguid);
  return name == nullptr ? std::string() : *name;
}

std::string recall_of(House &house, const Credential &credential) {
  const std::optional<Model> model = readable_model(house, credential);
  if (!model || !model->recalled) return {};
  return model->status.empty() ? "recalled" : model->status;
}

}  // namespace passkeyd
