/// Sshd keys: does sshd go by the ledger's SSH keys, and does it know at once when one is revoked?
#pragma once

#include <cstdint>
#include <optional>

#include "cli/doctor/finding.h"
#include "cli/doctor/machine.h"
#include "client/records.h"

namespace passkeyd::cli {

/// What the ledger has of SSH keys.
struct SshKeyFacts {
  std::size_t active = 0;
  std::optional<std::int64_t> last_refused = {};  ///< when the last one was revoked or suspended
};

SshKeyFacts ssh_key_facts(const CredentialList &all);

/// Nothing where nobody has SSH keys and sshd does not ask for them. `facts`: nullopt: not known.
Findings check_ssh_keys(const Machine &machine, const std::optional<SshKeyFacts> &facts);

}  // namespace passkeyd::cli
