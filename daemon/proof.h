/// Proof: getting an assertion out of one planned way, with all that a person must be asked and told
/// meanwhile. What comes back is unverified.
#pragma once

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/policy.h"
#include "daemon/task.h"

namespace passkeyd {

/// What an authenticator gave for a challenge. Unverified.
struct Proof {
  Challenge challenge;
  Assertion assertion;
  std::optional<Ticket> ticket;  ///< the try that was counted before the PIN was sent
};

/// Asks one way for a proof. Errors: why this way gave none; Cancelled when the person stepped down.
Task<Result<Proof>> prove_by(House &house, Face &face, const LoginRequest &request, const Account &account,
                             const PlannedWay &way);

}  // namespace passkeyd
