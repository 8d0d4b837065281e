/// The story of one sign-in.
#include "daemon/login.h"

#include <algorithm>

#include "common/log.h"
#include "daemon/errand.h"
#include "webauthn/verify.h"

namespace passkeyd {
namespace {

/// True for what ends the attempt as a refusal; everything else means "not by this way" and steps down.
bool is_denial(ErrorKind kind) {
  return kind == ErrorKind::PinWrong || kind == ErrorKind::TouchRefused || kind == ErrorKind::UvFailed;
}

/// One line in the log for one attempt, beside the audit.
void log_outcome(const LoginRequest &request, std::string_view outcome, std::string_view reason) {
  log_line(LogLevel::Notice, "login of " + request.user.str() + " for " + request.service + ": " +
                                 std::string(outcome) + " (" + std::string(reason) + ")");
}

/// An ending without a decision. An audit that cannot be written changes nothing about it.
void note(House &house, const LoginRequest &request, const Account &account, const char *outcome,
          std::string_view reason) {
  log_outcome(request, outcome, reason);
  AuditRecord record;
  record.time = house.clock.wall();
  record.event = event::kLogin;
  record.user = request.user.str();
  record.uid = account.uid;
  record.service = request.service;
  record.outcome = outcome;
  record.reason = reason;
  record.caller_uid = request.caller_uid;
  record.caller_pid = request.caller_pid;
  record.rhost = request.remote_host;
  const Status written = house.ledger.append(record);
  if (!written) log_line(LogLevel::Error, "audit: " + written.error().sentence);
}

/// Verifies the proof and lets the ledger decide. Granted is said only after its transaction has been
/// committed.
Say decide(House &house, const LoginRequest &request, const Account &account, const PlannedWay &way,
           Proof proof) {
  const auto credential =
      std::find_if(way.credentials.begin(), way.credentials.end(),
                   [&](const Credential &each) { return each.id == proof.assertion.credential_id; });
  if (credential == way.credentials.end()) {
    note(house, request, account, outcome::kDenied, name_of(Refusal::CredentialWrong));
    return Say(Step::Denied, message::kDenied);
  }
  const Verification verification =
      verify(*credential, std::move(proof.challenge), proof.assertion, house.clock.boot());
  const Attempt attempt{account,
                        *credential,
                        place_of(request),
                        {request.caller_uid, request.caller_pid, request.service},
                        request.remote_host,
                        proof.ticket};
  const Result<Decision> decision = house.ledger.decide(attempt, verification, house.moment());
  if (!decision) {
    log_outcome(request, outcome::kFailed, decision.error().sentence);
    return say_error(Step::Unavailable, decision.error());
  }
  const bool granted = decision->verdict == Verdict::Granted;
  log_outcome(request, granted ? outcome::kGranted : outcome::kDenied, name_of(decision->refusal));
  if (!granted) return Say(Step::Denied, message::kDenied);
  return Say(Step::Granted, message::kWelcome)
      .with(detail::kName, credential->name)
      .with(detail::kCredential, short_id(credential->id));
}

/// What is plugged in, asked only when a key could be used.
std::vector<KeyInfo> keys_for(const LoginRequest &request) {
  if (request.remote) return {};
  Result<std::vector<KeyInfo>> keys = plugged_keys();
  if (keys) return std::move(keys).value();
  log_line(LogLevel::Warning, "keys: " + keys.error().sentence);
  return {};
}

/// What people call the authenticator of this way, if there is only one.
std::string device_of(const PlannedWay &way) {
  if (way.way == Way::Tpm) return way.credentials.front().name;
  return way.keys.size() == 1 ? way.keys.front().name : std::string();
}

bool is_live(const Credential &credential) {
  return credential.state != CredentialState::Revoked;
}

/// What the account has enrolled, if it is for this caller to know: for others than root, what carries their
/// uid.
Result<Credentials> enrolled_for(House &house, const UserName &user, uid_t caller) {
  Credentials stored = TRY(house.ledger.credentials_of(user));
  log_problems(stored);
  std::erase_if(stored.rows, [&](const Credential &each) {
    return !is_live(each) || (caller != 0 && each.owner.uid != caller);
  });
  return stored;
}

}  // namespace

Task<void> tell_login(House &house, Face &face, LoginRequest request) {
  // Root's programs take names as people type them, and a directory may know an account by several spellings:
  // who is not enrolled is said of the account, never of a spelling. Others can only be themselves and are
  // looked up only if something is enrolled for their uid.
  const uid_t caller = request.caller_uid;
  Result<Credentials> enrolled = enrolled_for(house, request.user, caller);
  if (!enrolled) co_return face.finish(say_error(Step::Unavailable, enrolled.error()));
  if (caller != 0 && enrolled->rows.empty())
    co_return face.finish(Say(Step::Unavailable, message::kNotEnrolled));
  const Result<Account> account = co_await look_up(house, request.user);
  const bool unknown = !account && account.error().kind == ErrorKind::NotFound;
  if (unknown && enrolled->rows.empty() && enrolled->problems.empty())
    co_return face.finish(Say(Step::Unavailable, message::kNotEnrolled));
  if (!account) co_return face.finish(say_error(Step::Unavailable, account.error()));
  if (caller != 0 && caller != account->uid)
    co_return face.refuse({ErrorKind::NotAllowed, "You may sign in only as yourself."});
  request.user = account->name;
  enrolled = enrolled_for(house, request.user, caller);
  if (!enrolled) co_return face.finish(say_error(Step::Unavailable, enrolled.error()));
  if (enrolled->rows.empty() && !enrolled->problems.empty())
    co_return face.finish(
        say_error(Step::Unavailable, {ErrorKind::Corrupt, "no credential of the account can be read"}));
  if (enrolled->rows.empty()) co_return face.finish(Say(Step::Unavailable, message::kNotEnrolled));

  const Plan plan = plan_for(request, account.value(), enrolled->rows, keys_for(request), house.config);
  Error why{plan.why_none, "no way is open here and now"};
  std::string device;
  for (const PlannedWay &way : plan.ways) {
    Result<Proof> proof = co_await prove_by(house, face, request, account.value(), way);
    if (proof) co_return face.finish(decide(house, request, account.value(), way, std::move(proof).value()));
    why = proof.error();
    device = device_of(way);
    if (is_denial(why.kind)) {
      note(house, request, account.value(), outcome::kDenied, name_of(why.kind));
      co_return face.finish(say_error(Step::Denied, why, device));
    }
  }
  note(house, request, account.value(), outcome::kFailed, name_of(why.kind));
  log_line(LogLevel::Info, "login of " + request.user.str() + ": " + log_safe(why.sentence));
  face.finish(say_error(Step::Unavailable, why, device));
}

}  // namespace passkeyd
