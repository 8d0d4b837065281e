/// Asking whether an account is locked.
#include "pam/account.h"

#include <security/pam_ext.h>
#include <syslog.h>

#include "client/account_check.h"
#include "client/words.h"
#include "pam/handle.h"

namespace passkeyd {
namespace {

/// Ctrl-C does not end this: without an answer a locked account would pass.
Result<AccountState> ask(const UserName &user, Patience patience) {
  Bus bus = TRY(Bus::open(patience, Interactive::No, CtrlC::IsTheHosts));
  return check_account(bus, user, patience);
}

/// A lock of passkeys alone is no business of who came in by other means.
bool is_shut(const AccountState &state, const UserName &user, const std::optional<Memory> &login) {
  return state.locked && (state.all_methods || (login && login->granted_user == user.str()));
}

}  // namespace

int manage_account(pam_handle_t *pamh, int flags, const Options &options) {
  const std::optional<Memory> login = recall(pamh);
  if (!login && !options.always) return PAM_IGNORE;
  const Result<std::optional<UserName>> user = user_of(pamh, AskName::No);
  if (!user || !user.value()) {
    pam_syslog(pamh, LOG_NOTICE, "%s", user ? "no user is named" : user.error().sentence.c_str());
    return PAM_AUTHINFO_UNAVAIL;
  }
  const UserName &name = *user.value();
  const Result<AccountState> state = ask(name, Patience(options.timeout));
  if (!state) {
    pam_syslog(pamh, LOG_WARNING, "whether user %s is locked cannot be told: %s", name.str().c_str(),
               state.error().sentence.c_str());
    return PAM_AUTHINFO_UNAVAIL;
  }
  if (!is_shut(state.value(), name, login)) return PAM_IGNORE;
  pam_syslog(pamh, LOG_NOTICE, "user %s is locked by an administrator: %s", name.str().c_str(),
             state->reason.c_str());
  PamConversation conversation(pamh, loudness_of(options, flags));
  static_cast<void>(
      conversation.tell(Tone::Trouble, words_for(Details{std::string(name_of(ErrorKind::Locked))})));
  return PAM_PERM_DENIED;
}

}  // namespace passkeyd
