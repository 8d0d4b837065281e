/// Deciding about a proof.
#include "daemon/decide.h"

#include <algorithm>

#include "daemon/record.h"
#include "webauthn/verify.h"

namespace passkeyd {
namespace {

Error denied(Refusal refusal) {
  return {ErrorKind::Denied, std::string(name_of(refusal))};
}

}  // namespace

Result<Say> decide(House &house, const LoginCase &login, const std::vector<Credential> &planned,
                   Proof proof) {
  const auto credential = std::find_if(planned.begin(), planned.end(), [&](const Credential &each) {
    return each.id == proof.assertion.credential_id;
  });
  if (credential == planned.end()) {
    note(house, login.request, login.account, outcome::kDenied, name_of(Refusal::CredentialWrong));
    return denied(Refusal::CredentialWrong);
  }
  const BootTime asked = proof.challenge.made_at();
  const Verification verification =
      verify(*credential, std::move(proof.challenge), proof.assertion, house.clock.boot());
  return settle(house, login, *credential, verification, asked, proof.ticket);
}

Result<Say> settle(House &house, const LoginCase &login, const Credential &credential,
                   const Verification &verification, BootTime asked, std::optional<Ticket> ticket) {
  Attempt attempt = attempt_of(login, credential, ticket);
  const auto last = house.last_successes.find(credential.row);
  attempt.overtaken = last != house.last_successes.end() && asked < last->second;
  const Result<Decision> decided = house.ledger.decide(attempt, verification, house.moment());
  if (!decided) {
    note_undecided(login, decided.error());
    return decided.error();
  }
  const Decision &decision = decided.value();
  const bool granted = decision.verdict == Verdict::Granted;
  if (decision.refusal == Refusal::AccountLocked) return Error{ErrorKind::Locked, "the account is locked"};
  if (!granted) return denied(decision.refusal);
  house.last_successes[credential.row] = house.clock.boot();
  return Say(Step::Granted, message::kWelcome)
      .with(detail::kName, credential.name)
      .with(detail::kCredential, short_id(credential.id));
}

}  // namespace passkeyd
