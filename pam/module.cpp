/// The C doors of the module: every pam_sm_* function, and the border that no exception crosses.
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <syslog.h>

#include "pam/account.h"
#include "pam/login.h"
#include "pam/options.h"
#include "pam/pin_change.h"
#include "pam/session.h"

namespace {

using passkeyd::Group;
using passkeyd::Options;

/// Runs `body` with the options of the line. Options that are not understood, and an exception, are
/// `failure`: the group's word for "nothing was decided", never PAM_SUCCESS.
template <class Body>
int guarded(pam_handle_t *pamh, Group group, int argc, const char **argv, int failure, Body body) noexcept {
  try {
    const passkeyd::Result<Options> options = Options::parse(group, argc, argv);
    if (options) return body(options.value());
    pam_syslog(pamh, LOG_ERR, "%s: nothing is done until this is mended", options.error().sentence.c_str());
    return failure;
  } catch (...) {
    return failure;
  }
}

}  // namespace

#define PASSKEYD_EXPORT extern "C" __attribute__((visibility("default")))

/// pam_sm_authenticate(3).
PASSKEYD_EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv) {
  return guarded(pamh, Group::Auth, argc, argv, PAM_AUTHINFO_UNAVAIL,
                 [&](const Options &options) { return passkeyd::login(pamh, flags, options); });
}

/// Sets nothing. PAM_SUCCESS, because libpam chooses what to do here by what pam_sm_authenticate returned,
/// and in a stack where only this module let somebody in an IGNORE would leave nobody to say that credentials
/// are set: the login would fail.
PASSKEYD_EXPORT int pam_sm_setcred(pam_handle_t *, int, int, const char **) {
  return PAM_SUCCESS;
}

/// pam_sm_acct_mgmt(3).
PASSKEYD_EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv) {
  return guarded(pamh, Group::Account, argc, argv, PAM_AUTHINFO_UNAVAIL,
                 [&](const Options &options) { return passkeyd::manage_account(pamh, flags, options); });
}

/// pam_sm_open_session(3).
PASSKEYD_EXPORT int pam_sm_open_session(pam_handle_t *pamh, int, int argc, const char **argv) {
  // A mistake in the line ends only those sessions that it would have had a say in.
  const int failure = passkeyd::came_in_by_security_key(pamh) ? PAM_SESSION_ERR : PAM_IGNORE;
  return guarded(pamh, Group::Session, argc, argv, failure,
                 [&](const Options &options) { return passkeyd::open_session(pamh, options); });
}

/// Nothing to do at the end of a session.
PASSKEYD_EXPORT int pam_sm_close_session(pam_handle_t *pamh, int, int argc, const char **argv) {
  return guarded(pamh, Group::Session, argc, argv, PAM_IGNORE, [](const Options &) { return PAM_IGNORE; });
}

/// pam_sm_chauthtok(3).
PASSKEYD_EXPORT int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv) {
  return guarded(pamh, Group::Password, argc, argv, PAM_AUTHTOK_ERR,
                 [&](const Options &options) { return passkeyd::change_pin(pamh, flags, options); });
}
