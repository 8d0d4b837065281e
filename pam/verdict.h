/// From an outcome to a PAM code, in one table.
#pragma once

#include "client/dialogue.h"

namespace passkeyd {

/// PAM_SUCCESS only for a granted outcome, PAM_IGNORE only for an account that the daemon says has no
/// passkey, and never either for a fault.
int pam_code_of(const Outcome &outcome);

/// True if the person should be told why. Not for what would greet everybody without a passkey, or without
/// their key at hand, at every password prompt; nor for faults, which are the log's business.
bool is_worth_telling(const Outcome &outcome);

}  // namespace passkeyd
