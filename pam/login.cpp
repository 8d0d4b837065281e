/// The story of a login.
#include "pam/login.h"

#include <security/pam_ext.h>
#include <syslog.h>

#include "client/bus.h"
#include "client/dialogue.h"
#include "client/printable.h"
#include "client/words.h"
#include "pam/options.h"
#include "pam/pam_conversation.h"
#include "pam/verdict.h"

namespace passkeyd {
namespace {

/// Microseconds before a failure is reported, as pam_unix has it.
constexpr unsigned kFailDelay = 2'000'000;

/// A text item, or "" where the host set none.
std::string item_of(pam_handle_t *pamh, int item) {
  const void *text = nullptr;
  if (pam_get_item(pamh, item, &text) != PAM_SUCCESS || text == nullptr) return {};
  return static_cast<const char *>(text);
}

/// A name that UserName refuses is an error and not an account without passkeys: a host that trims or folds
/// names would otherwise let "name " past the key of "name". An account that does not exist is the daemon's
/// to answer
/// ("not enrolled"): asking here would only ask NSS twice.
Result<LoginRequest> request_of(pam_handle_t *pamh) {
  const char *name = nullptr;
  if (pam_get_user(pamh, &name, nullptr) != PAM_SUCCESS || name == nullptr)
    return Error{ErrorKind::InvalidInput, "the host gives no user name"};
  return LoginRequest{TRY(UserName::parse(name)), item_of(pamh, PAM_SERVICE), item_of(pamh, PAM_TTY),
                      item_of(pamh, PAM_RHOST)};
}

Loudness loudness_of(const Options &options, int flags) {
  if (options.quiet) return Loudness::Questions;
  return (flags & PAM_SILENT) != 0 ? Loudness::Cues : Loudness::All;
}

/// The connection lives only here: when it closes, whatever the daemon still had under way for us is
/// cancelled.
Outcome ask_daemon(const LoginRequest &request, Conversation &conversation, Patience patience) {
  Result<Bus> bus = Bus::open(patience);
  if (bus) return run_login(bus.value(), request, conversation, patience);
  return {Ending::Unavailable, Details{std::string(name_of(bus.error().kind))}, bus.error().sentence};
}

void log(pam_handle_t *pamh, const Options &options, const LoginRequest &request, const Outcome &outcome) {
  const std::string user = printable(request.user.str(), UserName::kMaxBytes);
  const std::string why = printable(outcome.details.message, Details::kMaxText);
  if (!outcome.fault.empty())
    pam_syslog(pamh, LOG_WARNING, "no verdict for user %s: %s", user.c_str(), outcome.fault.c_str());
  else if (outcome.ending == Ending::Denied)
    pam_syslog(pamh, LOG_NOTICE, "user %s was refused: %s", user.c_str(), why.c_str());
  else if (options.debug && outcome.ending == Ending::Granted)
    pam_syslog(pamh, LOG_DEBUG, "user %s was let in by credential %s", user.c_str(),
               outcome.details.credential.c_str());
  else if (options.debug)
    pam_syslog(pamh, LOG_DEBUG, "no way open for user %s: %s", user.c_str(), why.c_str());
}

}  // namespace

int login(pam_handle_t *pamh, int flags, int argc, const char **argv) {
  const Result<Options> parsed = Options::parse(argc, argv);
  if (!parsed) {
    pam_syslog(pamh, LOG_ERR, "%s: passkeys are not asked for until this is mended",
               parsed.error().sentence.c_str());
    return PAM_AUTHINFO_UNAVAIL;
  }
  const Options &options = parsed.value();
  const Result<LoginRequest> request = request_of(pamh);
  if (!request) {
    pam_syslog(pamh, LOG_NOTICE, "%s", request.error().sentence.c_str());
    return PAM_AUTHINFO_UNAVAIL;
  }

  PamConversation conversation(pamh, loudness_of(options, flags));
  const Outcome outcome = ask_daemon(request.value(), conversation, Patience(options.timeout));
  log(pamh, options, request.value(), outcome);
  if (is_worth_telling(outcome))  // a host that will not show it changes no verdict
    static_cast<void>(conversation.tell(Tone::Trouble, words_for(outcome.details)));
  const int code = pam_code_of(outcome);
  if (code == PAM_AUTH_ERR && !options.nodelay) static_cast<void>(pam_fail_delay(pamh, kFailDelay));
  return code;
}

}  // namespace passkeyd
