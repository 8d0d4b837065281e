/// The C doors of the module: every pam_sm_* function, and the border that no exception crosses.
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <syslog.h>

#include "pam/login.h"

namespace {

template <class Body>
int guarded(Body body) noexcept {
  try {
    return body();
  } catch (...) {
    return PAM_AUTHINFO_UNAVAIL;
  }
}

/// For the management groups in which the module does nothing: options there would be obeyed by nobody, so
/// say so.
int ignore(pam_handle_t *pamh, const char *group, int argc) {
  if (argc > 0) pam_syslog(pamh, LOG_ERR, "pam_passkey.so takes no options in a %s line", group);
  return PAM_IGNORE;
}

}  // namespace

#define PASSKEYD_EXPORT extern "C" __attribute__((visibility("default")))

/// pam_sm_authenticate(3).
PASSKEYD_EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv) {
  return guarded([&] { return passkeyd::login(pamh, flags, argc, argv); });
}

/// Sets nothing. PAM_SUCCESS, because libpam chooses what to do here by what pam_sm_authenticate returned,
/// and in a stack where only this module let somebody in an IGNORE would leave nobody to say that credentials
/// are set: the login would fail.
PASSKEYD_EXPORT int pam_sm_setcred(pam_handle_t *, int, int, const char **) {
  return PAM_SUCCESS;
}

/// Knows nothing yet that could close an account.
PASSKEYD_EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int, int argc, const char **) {
  return ignore(pamh, "account", argc);
}

PASSKEYD_EXPORT int pam_sm_open_session(pam_handle_t *pamh, int, int argc, const char **) {
  return ignore(pamh, "session", argc);
}

PASSKEYD_EXPORT int pam_sm_close_session(pam_handle_t *pamh, int, int argc, const char **) {
  return ignore(pamh, "session", argc);
}

/// Never PAM_SUCCESS: in a password stack that would claim that a password was changed.
PASSKEYD_EXPORT int pam_sm_chauthtok(pam_handle_t *pamh, int, int argc, const char **) {
  return ignore(pamh, "password", argc);
}
