/// The story of a login.
#include "pam/login.h"

#include <security/pam_ext.h>
#include <syslog.h>

#include "client/printable.h"
#include "client/words.h"
#include "pam/agent_socket.h"
#include "pam/guard.h"
#include "pam/handle.h"
#include "pam/hosts.h"
#include "pam/one_line.h"
#include "pam/verdict.h"

namespace passkeyd {
namespace {

/// Microseconds before a failure is reported, as pam_unix has it.
constexpr unsigned kFailDelay = 2'000'000;

First first_of(const Options &options, HostKind kind, bool password_is_known) {
  if (password_is_known || kind == HostKind::NoAnswer) return First::Passkey;
  if (kind == HostKind::Talks) return options.first_prompt.value_or(First::Passkey);
  return kind == HostKind::OfferBest ? options.first_prompt.value_or(First::Either) : First::Either;
}

/// To the daemon a host that is shown no question and one that answers once are the same.
HostTalk talk_of(HostKind kind) {
  return kind == HostKind::NoAnswer || kind == HostKind::OneAnswer ? HostTalk::OneAnswer : HostTalk::Talks;
}

Result<LoginRequest> request_of(pam_handle_t *pamh, const Options &options) {
  LoginRequest request;
  request.user = TRY(user_of(pamh, options.usernameless ? AskName::No : AskName::Yes));
  request.service = item_of(pamh, PAM_SERVICE);
  request.tty = item_of(pamh, PAM_TTY);
  request.rhost = item_of(pamh, PAM_RHOST);
  const HostKind kind = host_kind_of(request.service, options.host);
  request.first = first_of(options, kind, password_of(pamh) != nullptr);
  request.host = talk_of(kind);
  request.typed = options.typed;
  request.askpass = kind == HostKind::Askpass && request.first == First::Either && request.user.has_value();
  request.wait = options.wait;
  if (options.no_agent || kind == HostKind::NoAnswer || !request.user) return request;
  request.agent = agent_of_the_person(pamh, request.service);
  if (request.agent) request.command = command_of_the_host(request.service);
  return request;
}

std::string shown(const std::optional<UserName> &user) {
  return user ? printable(user->str(), UserName::kMaxBytes) : "(not named)";
}

void log(pam_handle_t *pamh, const Options &options, const LoginRequest &request, const Outcome &outcome) {
  const std::string user = shown(request.user ? request.user : outcome.details.user);
  const std::string why = printable(outcome.details.message, Details::kMaxText);
  if (!outcome.fault.empty())
    pam_syslog(pamh, LOG_WARNING, "no verdict for user %s: %s", user.c_str(), outcome.fault.c_str());
  else if (outcome.ending == Ending::Denied)
    pam_syslog(pamh, LOG_NOTICE, "user %s was refused: %s", user.c_str(), why.c_str());
  else if (!options.debug)
    return;
  else if (outcome.ending == Ending::Granted)
    pam_syslog(pamh, LOG_DEBUG, "user %s was let in by credential %s", user.c_str(),
               outcome.details.credential.c_str());
  else if (outcome.ending == Ending::Password)
    pam_syslog(pamh, LOG_DEBUG, "user %s typed a password, for the next module", user.c_str());
  else
    pam_syslog(pamh, LOG_DEBUG, "no way open for user %s: %s", user.c_str(), why.c_str());
}

/// Whom the daemon let in becomes the handle's user, where nobody was named before. A granted login that
/// cannot be somebody's is none.
void settle_user(pam_handle_t *pamh, const LoginRequest &request, Outcome &outcome) {
  if (outcome.ending != Ending::Granted) return;
  const std::optional<UserName> &user = request.user ? request.user : outcome.details.user;
  const bool kept = user && remember(pamh, Memory{user->str()});
  if (kept && (request.user || pam_set_item(pamh, PAM_USER, user->str().c_str()) == PAM_SUCCESS)) return;
  outcome.ending = Ending::Unavailable;
  outcome.fault = "it is not known whom the daemon let in";
}

/// The password is libpam's from here on, which wipes it at the end of the stack.
void hand_on(pam_handle_t *pamh, const Outcome &outcome) {
  if (!outcome.password) return;
  if (pam_set_item(pamh, PAM_AUTHTOK, outcome.password->c_str()) != PAM_SUCCESS)
    pam_syslog(pamh, LOG_WARNING, "the password that was typed could not be handed on");
}

void tell_end(Conversation &conversation, const Outcome &outcome) {
  const Telling telling = telling_of(outcome);
  if (telling == Telling::Nothing) return;
  const Tone tone = telling == Telling::Reminder ? Tone::Cue : Tone::Trouble;
  const bool other_ways = telling == Telling::Why && outcome.ending != Ending::Password;
  const std::string words = other_ways ? last_words_for(outcome.details) : words_for(outcome.details);
  static_cast<void>(conversation.tell(tone, words));  // a host that will not show it changes no verdict
}

}  // namespace

int login(pam_handle_t *pamh, int flags, const Options &options) {
  const Result<LoginRequest> request = request_of(pamh, options);
  if (!request) {
    pam_syslog(pamh, LOG_NOTICE, "%s", request.error().sentence.c_str());
    return PAM_AUTHINFO_UNAVAIL;
  }
  if (!remember(pamh, Memory{})) return PAM_AUTHINFO_UNAVAIL;

  PamConversation host(pamh, loudness_of(options, flags));
  OneLine line(host, words_shown_by(request->service));
  Guard conversation(line, host_kind_of(request->service, options.host), password_of(pamh));
  Outcome outcome = on_the_bus(Patience(options.timeout + options.wait), [&](Bus &bus, Patience &patience) {
    return run_login(bus, request.value(), conversation, patience);
  });
  settle_user(pamh, request.value(), outcome);
  log(pamh, options, request.value(), outcome);
  hand_on(pamh, outcome);
  tell_end(conversation, outcome);
  const int code = pam_code_of(outcome);
  const bool failed = code == PAM_AUTH_ERR || (outcome.details.pretend && outcome.ending == Ending::Denied);
  if (failed && !options.nodelay) static_cast<void>(pam_fail_delay(pamh, kFailDelay));
  return code;
}

}  // namespace passkeyd
