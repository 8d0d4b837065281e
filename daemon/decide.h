/// Deciding: from an unverified proof to the last word of a login. The verifier judges, the ledger's
/// transaction decides.
#pragma once

#include <optional>
#include <vector>

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/login_case.h"
#include "daemon/proof.h"
#include "webauthn/verify.h"

namespace passkeyd {

/// Verifies the proof against the one of `planned` that it names, and lets the ledger decide. Granted is said
/// only after its transaction has been committed. Errors: Denied; Locked, if the
/// account was locked meanwhile; or a fault.
Result<Say> decide(House &house, const LoginCase &login, const std::vector<Credential> &planned, Proof proof);

/// The same for what was verified already, once. `asked`: when the challenge was made.
Result<Say> settle(House &house, const LoginCase &login, const Credential &credential,
                   const Verification &verification, BootTime asked, std::optional<Ticket> ticket);

}  // namespace passkeyd
