/// Account management: an administrator's lock.
#pragma once

#include <security/pam_modules.h>

#include "pam/options.h"

namespace passkeyd {

/// What pam_sm_acct_mgmt does. Asks only if pam_sm_authenticate ran in this handle, or "always" is set, so
/// that jobs without a person (cron) do without the daemon. PAM_PERM_DENIED: locked. PAM_IGNORE: nothing to
/// say. PAM_AUTHINFO_UNAVAIL: could not be asked; the line in the PAM file goes on then, so that no fault
/// locks anybody out. Never PAM_SUCCESS. May throw as login() does.
int manage_account(pam_handle_t *pamh, int flags, const Options &options);

}  // namespace passkeyd
