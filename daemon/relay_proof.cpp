/// Asking through prompts, and what the answer is worth.
#include "daemon/relay_proof.h"

#include <algorithm>

#include "common/log.h"
#include "daemon/decide.h"
#include "daemon/record.h"
#include "ssh/relay.h"
#include "webauthn/verify.h"

namespace passkeyd {
namespace {

Error denied(std::string_view why) {
  return {ErrorKind::Denied, std::string(why)};
}

/// Those of all names by which the person's client may know this machine.
std::vector<std::string> origins_of(const std::vector<std::string> &names) {
  std::vector<std::string> origins;
  for (const std::string &name : names) origins.push_back(ssh::origin_of(name));
  return origins;
}

/// A good signature is for the ledger to decide about, and so is a counter that went back. The rest could be
/// anybody's, and is on record only so often.
Result<Say> judge_answer(House &house, const RemoteCase &remote, Challenge challenge,
                         const Result<Assertion> &assertion) {
  if (!remote.way) {
    const bool closed = remote.standing == Standing::Closed;
    note_refused(house, remote, name_of(closed ? remote.why : ErrorKind::NoCredential));
    return denied("there is nothing to ask for");
  }
  if (!assertion) {
    note_refused(house, remote, name_of(Refusal::Malformed));
    return denied(assertion.error().sentence);
  }
  const std::vector<Credential> &planned = remote.way->credentials;
  const auto credential = std::ranges::find(planned, assertion->credential_id, &Credential::id);
  if (credential == planned.end()) return denied(name_of(Refusal::CredentialWrong));
  const BootTime asked = challenge.made_at();
  const Verification verification =
      verify(*credential, std::move(challenge), assertion.value(), house.clock.boot());
  const bool anybodys =
      verification.verdict == Verdict::Denied && verification.refusal != Refusal::CounterWentBack;
  if (anybodys && !house.refused_answers.may_record(remote.login.account.name.str(), house.clock.boot())) {
    log_outcome(remote.login.request, remote.login.account, outcome::kDenied, name_of(verification.refusal));
    return denied(name_of(verification.refusal));
  }
  return settle(house, remote.login, *credential, verification, asked, std::nullopt);
}

}  // namespace

void note_refused(House &house, const RemoteCase &remote, std::string_view why) {
  const LoginCase &login = remote.login;
  if (!house.refused_answers.may_record(login.account.name.str(), house.clock.boot()))
    log_outcome(login.request, login.account, outcome::kDenied, why);
  else if (remote.exists)
    note(house, login.request, login.account, outcome::kDenied, why);
  else  // the name is not written down: anything may have been typed there
    note_nobody(house, login.request, denied(why));
}

Task<Result<Say>> prove_by_relay(House &house, Face &face, const RemoteCase &remote) {
  const Policy &policy = remote.login.policy;
  const UserVerification uv = remote.user_verification;
  Result<Challenge> challenge =
      Challenge::make(Ceremony::Get, house.rp_id, remote.login.account, uv, house.clock.boot());
  if (!challenge) co_return challenge.error();
  challenge->expect_origins(origins_of(house.config.names()));
  const ssh::AssertionPrompt prompt{house.rp_id.str(), challenge->random(), remote.ids, uv,
                                    policy.touch_timeout};
  Say question = Say(Step::Ask, message::kRelay).with(detail::kPrompt, ssh::write(prompt));
  question.longest_text = ssh::kMaxAnswer;
  const Answer answer = co_await face.ask(std::move(question));
  if (answer.text.empty()) co_return Error{ErrorKind::Cancelled, "no answer came"};
  const Result<Assertion> assertion = ssh::read_assertion(answer.text, remote.ids);
  Result<Say> said = judge_answer(house, remote, std::move(challenge).value(), assertion);
  if (said) co_return said;
  log_line(LogLevel::Info,
           "login of " + log_safe(remote.login.account.name.str()) + ": " + log_safe(said.error().sentence));
  co_return Error{ErrorKind::Denied, said.error().sentence};
}

}  // namespace passkeyd
