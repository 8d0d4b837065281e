/// The story of a change of PIN.
#include "pam/pin_change.h"

#include <security/pam_ext.h>
#include <syslog.h>

#include "client/records.h"
#include "client/words.h"
#include "pam/guard.h"
#include "pam/handle.h"
#include "pam/hosts.h"
#include "pam/verdict.h"

namespace passkeyd {
namespace {

Status find_daemon(Patience patience) {
  Bus bus = TRY(Bus::open(patience));
  TRY(get_status(bus, patience));
  return Ok{};
}

int prepare(pam_handle_t *pamh, const Options &options) {
  const Status found = find_daemon(Patience(options.timeout));
  if (found) return PAM_SUCCESS;
  pam_syslog(pamh, LOG_WARNING, "the PIN cannot be changed now: %s", found.error().sentence.c_str());
  return PAM_TRY_AGAIN;
}

Result<PinChangeRequest> request_of(pam_handle_t *pamh) {
  std::optional<UserName> user = TRY(user_of(pamh, AskName::Yes));
  if (!user) return Error{ErrorKind::InvalidInput, "nobody is named"};
  return PinChangeRequest{std::move(*user), item_of(pamh, PAM_SERVICE), item_of(pamh, PAM_TTY),
                          item_of(pamh, PAM_RHOST)};
}

int update(pam_handle_t *pamh, int flags, const Options &options) {
  const Result<PinChangeRequest> request = request_of(pamh);
  if (!request) {
    pam_syslog(pamh, LOG_NOTICE, "%s", request.error().sentence.c_str());
    return PAM_AUTHTOK_ERR;
  }
  PamConversation host(pamh, loudness_of(options, flags));
  Guard conversation(host, host_kind_of(request->service, std::nullopt), nullptr, Repetition::IsAsked);
  const Outcome outcome = on_the_bus(Patience(options.timeout), [&](Bus &bus, Patience &patience) {
    return run_pin_change(bus, request.value(), conversation, patience);
  });
  if (!outcome.fault.empty())
    pam_syslog(pamh, LOG_WARNING, "the PIN was not changed: %s", outcome.fault.c_str());
  const bool done = outcome.ending == Ending::Granted;
  Details details = outcome.details;
  if (done && details.message.empty()) details.message = message::kPinChanged;
  if (outcome.fault.empty())
    static_cast<void>(conversation.tell(done ? Tone::Note : Tone::Trouble, words_for(details)));
  return pin_code_of(outcome);
}

}  // namespace

int change_pin(pam_handle_t *pamh, int flags, const Options &options) {
  const bool wanted = options.tpm_pin || item_of(pamh, PAM_SERVICE) == kPinService;
  // A PIN does not grow old.
  if (!wanted || (flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0) return PAM_IGNORE;
  if ((flags & PAM_PRELIM_CHECK) != 0) return prepare(pamh, options);
  return (flags & PAM_UPDATE_AUTHTOK) != 0 ? update(pamh, flags, options) : PAM_AUTHTOK_ERR;
}

}  // namespace passkeyd
