/// Passkey or password; the challenge; a backup code; the last word.
#include "daemon/remote_login.h"

#include "common/log.h"
#include "daemon/code.h"
#include "daemon/record.h"
#include "daemon/relay_proof.h"
#include "daemon/remote_case.h"

namespace passkeyd {
namespace {

/// One last step is like the other to who reads the screen. Beside it, for the module alone: that nobody
/// refused anything, since there is nothing here to be had.
Say last(Say said, const RemoteCase &remote) {
  if (remote.standing != Standing::NotEnrolled) return said;
  return std::move(said).with(detail::kPretend, true);
}

/// Nothing was tried that could be refused. None of these is told to people.
Say stepped_down(const RemoteCase &remote) {
  if (remote.standing == Standing::NotEnrolled) return Say(Step::Unavailable, message::kNotEnrolled);
  return say_error(Step::Unavailable, {ErrorKind::RemoteSession, "the person stepped down"});
}

/// Over the network nobody is told whether it was the code, or the number of tries.
Task<Result<Say>> prove_by_code_from_elsewhere(House &house, Face &face, const RemoteCase &remote) {
  Result<Say> said = co_await prove_by_code_unseen(house, face, remote.login);
  if (said || said.error().kind == ErrorKind::Cancelled) co_return said;
  log_outcome(remote.login.request, remote.login.account, outcome::kDenied, name_of(said.error().kind));
  co_return Error{ErrorKind::Denied, said.error().sentence};
}

Task<Say> climb(House &house, Face &face, const RemoteCase &remote) {
  const bool code = remote.login.policy.backup_codes == BackupCodes::Always;
  bool refused = false;
  const Answer first = co_await face.ask(last(Say(Step::Offer, message::kPasskeyOrPassword), remote));
  if (first.helper) {
    Result<Say> said = co_await prove_by_relay(house, face, remote);
    if (said) co_return std::move(said).value();
    refused = said.error().kind != ErrorKind::Cancelled;
    if (refused && code)
      face.tell(Say(Step::Tell, message::kDenied).with(detail::kNext, std::string(next::kCode)));
  }
  if (code) {
    Result<Say> said = co_await prove_by_code_from_elsewhere(house, face, remote);
    if (said) co_return std::move(said).value();
    refused = refused || said.error().kind != ErrorKind::Cancelled;
  }
  co_return refused ? Say(Step::Denied, message::kDenied) : stepped_down(remote);
}

}  // namespace

Task<void> tell_remote_login(House &house, Face &face, LoginRequest request) {
  const Result<RemoteCase> remote = co_await open_remote_case(house, std::move(request));
  if (!remote) {
    log_line(LogLevel::Error, "a sign-in from elsewhere: " + log_safe(remote.error().sentence));
    co_return face.finish(say_error(Step::Unavailable, remote.error()));
  }
  Say said = co_await climb(house, face, remote.value());
  face.finish(last(std::move(said), remote.value()));
}

}  // namespace passkeyd
