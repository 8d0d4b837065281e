/// From an outcome to a PAM code, in tables.
#pragma once

#include "client/dialogue.h"

namespace passkeyd {

/// Of a login. PAM_SUCCESS only for a granted outcome, PAM_IGNORE only for an account that the daemon says
/// has no passkey (as the message, or as what it only pretends not to be the case), and never either for a
/// fault. A password that is handed on is PAM_AUTHINFO_UNAVAIL and not PAM_IGNORE: in a stack that wants a
/// passkey and a password, IGNORE would let the password do for both.
int pam_code_of(const Outcome &outcome);

/// Of a change of PIN.
int pin_code_of(const Outcome &outcome);

/// What the person should be told once a login is over.
enum class Telling {
  Nothing,  ///< what would greet everybody without a passkey, or without their key at hand, at every password
            ///< prompt; faults, which are the log's business; and success
  Why,      ///< why it did not work
  Reminder,  ///< it did work, and few backup codes are left
};
Telling telling_of(const Outcome &outcome);

}  // namespace passkeyd
