/// Json: what passkeyctl tells programs. The keys are stable, and docs/json.md has all of them.
#pragma once

#include <nlohmann/json.hpp>

#include "client/dialogue.h"
#include "client/records.h"

namespace passkeyd::cli {

/// A passkey.
nlohmann::json json_of(const CredentialRecord &record);
nlohmann::json json_of(const std::vector<CredentialRecord> &records);

/// What became of a sign-in.
nlohmann::json json_of_test(const Outcome &outcome);
/// A new passkey.
nlohmann::json json_of_enrollment(const Outcome &outcome);

/// What the service says about itself, with the caller's passkeys.
nlohmann::json json_of(const StatusReport &report, const std::vector<CredentialRecord> &passkeys);

/// Prints it.
void print_json(const nlohmann::json &value);

}  // namespace passkeyd::cli
