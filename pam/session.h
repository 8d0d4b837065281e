/// Session management: an SSH key that was revoked between sshd's question for keys and the session's
/// beginning.
#pragma once

#include <security/pam_modules.h>

namespace passkeyd {

/// What pam_sm_open_session does. sshd says in the PAM environment by what somebody came in; only if a
/// security key's SSH key is among that, the daemon is asked. PAM_SESSION_ERR: such a key is enrolled here,
/// and not an active one of this account; or the daemon could not be asked, for then nobody knows.
/// PAM_IGNORE: nothing to say. Never PAM_SUCCESS. May throw as login() does.
int open_session(pam_handle_t *pamh);

}  // namespace passkeyd
