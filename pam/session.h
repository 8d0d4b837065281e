/// Session management: an SSH key that was revoked between sshd's question for keys and the session's
/// beginning.
#pragma once

#include <security/pam_modules.h>

#include "pam/options.h"

namespace passkeyd {

/// True if sshd says in the PAM environment that a security key's SSH key was used. All other sessions are
/// none of our business, whatever is wrong with our line.
bool came_in_by_security_key(pam_handle_t *pamh);

/// What pam_sm_open_session does: asks the daemon if somebody came in by a security key's SSH key.
/// PAM_SESSION_ERR: such a key is enrolled for
/// this account and not active, or the account is locked; or the daemon could not be asked, for then nobody
/// knows. PAM_IGNORE: nothing to say. Never PAM_SUCCESS. May throw as login() does.
int open_session(pam_handle_t *pamh, const Options &options);

}  // namespace passkeyd
