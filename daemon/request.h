/// The door for what callers ask: bus dictionaries in, checked values out.
#pragma once

#include "daemon/caller.h"
#include "daemon/enrollment.h"
#include "daemon/pin_change.h"
#include "daemon/policy.h"
#include "ledger/lock.h"

namespace passkeyd {

/// A user's name (s). Errors: InvalidInput.
Result<UserName> read_user(sd_bus_message *call);

/// Keys: those of common/steps.h, request::; all texts. Where the person is, is not asked here. Errors:
/// InvalidInput.
Result<LoginRequest> read_login_request(sd_bus_message *call, const Caller &caller);

/// Keys: user (required), service, tty, rhost; all texts. Errors: InvalidInput.
Result<PinChangeRequest> read_pin_change_request(sd_bus_message *call, const Caller &caller);

struct LockOptions {
  LockScope scope = LockScope::AllMethods;
  std::string reason;
};
/// Keys: reason (s), all-methods (b; without it only passkeys and codes are locked). Errors: InvalidInput.
Result<LockOptions> read_lock_options(sd_bus_message *call);

/// Keys: user (required), way, name, discoverable ("yes", "no"); all texts. Errors: InvalidInput.
Result<EnrollmentRequest> read_enrollment_request(sd_bus_message *call, const Caller &caller);

}  // namespace passkeyd
