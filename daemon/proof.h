/// Proof: getting an assertion out of one planned way, with all that a person must be asked and told
/// meanwhile. What comes back is unverified.
#pragma once

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/login_case.h"
#include "daemon/task.h"

namespace passkeyd {

/// What an authenticator gave for a challenge. Unverified.
struct Proof {
  Challenge challenge;
  Assertion assertion;
  std::optional<Ticket> ticket;  ///< the try that was counted before the PIN was sent
};

/// Asks one way for a proof. Errors: why this way gave none; Cancelled when the person stepped down. What
/// went wrong with tries before the last one was told meanwhile; `refused` is set if that was the person's
/// failure.
Task<Result<Proof>> prove_by(House &house, Face &face, const LoginCase &login, const PlannedWay &way,
                             bool &refused);

/// Asks the TPM with a PIN that is there already. Errors: as prove_by.
Task<Result<Proof>> prove_with_typed_pin(House &house, Face &face, const LoginCase &login,
                                         const PlannedWay &way, Fd pin);

}  // namespace passkeyd
