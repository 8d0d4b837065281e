/// The door for what callers ask: bus dictionaries in, checked values out.
#pragma once

#include "daemon/caller.h"
#include "daemon/enrollment.h"
#include "daemon/policy.h"

namespace passkeyd {

/// Keys: user (required), service, tty, rhost; all texts. Whether the person is remote is decided here, from
/// the caller's session and rhost. Errors: InvalidInput.
Result<LoginRequest> read_login_request(sd_bus_message *call, const Caller &caller);

/// Keys: user (required), way, name; all texts. Errors: InvalidInput.
Result<EnrollmentRequest> read_enrollment_request(sd_bus_message *call, const Caller &caller);

}  // namespace passkeyd
