/// Password management: a new PIN for this computer's passkey, and nothing else.
#pragma once

#include <security/pam_modules.h>

#include "pam/options.h"

namespace passkeyd {

/// The service whose password line changes the PIN without being told to.
inline constexpr const char *kPinService = "passkey-pin";

/// What pam_sm_chauthtok does: PAM_IGNORE unless the service is kPinService or "tpm_pin" is set, so that a
/// change of password never turns into one of the PIN. In the preliminary round PAM_SUCCESS says only that
/// the daemon can be reached. No PIN is ever put into PAM_AUTHTOK or PAM_OLDAUTHTOK. May throw as login()
/// does.
int change_pin(pam_handle_t *pamh, int flags, const Options &options);

}  // namespace passkeyd
