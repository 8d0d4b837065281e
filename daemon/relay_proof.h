/// Relay proof: an assertion from a passkey-askpass at the person's own computer, through the prompts of a
/// host such as sshd (docs/askpass.md).
#pragma once

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/remote_case.h"
#include "daemon/task.h"

namespace passkeyd {

/// Asks the helper once, verifies and lets the ledger decide; of an account that has no passkey for it the
/// same is asked, and refused. The last word is Granted. Errors: Cancelled when nothing came, Denied for
/// whatever did; whoever is at the other end is not told why.
Task<Result<Say>> prove_by_relay(House &house, Face &face, const RemoteCase &remote);

/// Puts a refusal on record, unless this account has had its share of those lately; then it is a line in the
/// log. Anybody can send nonsense, as often as they like.
void note_refused(House &house, const RemoteCase &remote, std::string_view why);

}  // namespace passkeyd
