/// Who wants in, and where they are.
#include "daemon/login_case.h"

#include <algorithm>

#include "common/log.h"
#include "daemon/errand.h"
#include "daemon/presence.h"
#include "daemon/record.h"

namespace passkeyd {
namespace {

bool is_live(const Credential &credential) {
  return credential.state != CredentialState::Revoked;
}

bool has_nothing(const Credentials &enrolled) {
  return enrolled.rows.empty() && enrolled.problems.empty();
}

/// Also true if nobody can tell.
bool has_codes(House &house, const Account &owner) {
  const Result<std::vector<CodeHash>> codes = house.ledger.unspent_codes(owner);
  return !codes || !codes->empty();
}

Actor actor_of(const LoginRequest &request) {
  return {request.caller_uid, request.caller_pid, request.service};
}

}  // namespace

Result<Credentials> enrolled_for(House &house, const UserName &user, uid_t caller) {
  Credentials stored = TRY(house.ledger.credentials_of(user));
  log_problems(stored);
  std::erase_if(stored.rows, [&](const Credential &each) {
    return !is_live(each) || (caller != 0 && each.owner.uid != caller);
  });
  return stored;
}

Task<std::optional<LoginCase>> open_case(House &house, Face &face, LoginRequest request) {
  const auto over = [&](Say last) {
    face.finish(std::move(last));
    return std::optional<LoginCase>();
  };
  // Root's programs take names as people type them, and a directory may know an account by several spellings:
  // who is not enrolled is said of the account, never of a spelling. Others can only be themselves and are
  // looked up only if something is enrolled for their uid.
  const uid_t caller = request.caller_uid;
  Result<Credentials> enrolled = enrolled_for(house, *request.user, caller);
  if (!enrolled) co_return over(say_error(Step::Unavailable, enrolled.error()));
  if (caller != 0 && has_nothing(enrolled.value()) && !has_codes(house, {*request.user, caller}))
    co_return over(Say(Step::Unavailable, message::kNotEnrolled));
  const Result<Account> account = co_await look_up(house, *request.user);
  const bool unknown = !account && account.error().kind == ErrorKind::NotFound;
  if (unknown && has_nothing(enrolled.value())) co_return over(Say(Step::Unavailable, message::kNotEnrolled));
  if (!account) co_return over(say_error(Step::Unavailable, account.error()));
  if (caller != 0 && caller != account->uid) {
    face.refuse({ErrorKind::NotAllowed, "You may sign in only as yourself."});
    co_return std::nullopt;
  }
  enrolled = enrolled_for(house, account->name, caller);
  if (!enrolled) co_return over(say_error(Step::Unavailable, enrolled.error()));
  if (enrolled->rows.empty() && !enrolled->problems.empty())
    co_return over(
        say_error(Step::Unavailable, {ErrorKind::Corrupt, "no credential of the account can be read"}));
  const Result<std::vector<CodeHash>> codes = house.ledger.unspent_codes(account.value());
  if (!codes && enrolled->rows.empty()) co_return over(say_error(Step::Unavailable, codes.error()));
  if (!codes) log_line(LogLevel::Error, "ledger: " + log_safe(codes.error().sentence));
  const std::size_t codes_left = codes ? codes->size() : 0;
  if (enrolled->rows.empty() && codes_left == 0)
    co_return over(Say(Step::Unavailable, message::kNotEnrolled));

  request.place = co_await find_place(house.loop, house.bus, request, account->uid);
  const Result<std::optional<AccountLock>> lock = house.ledger.lock_of(account->name);
  if (!lock) co_return over(say_error(Step::Unavailable, lock.error()));
  if (lock.value()) {
    note(house, request, account.value(), outcome::kDenied, name_of(ErrorKind::Locked));
    // Who asks from the network has proved nothing yet, and learns nothing.
    const bool here = request.place == Place::Local;
    co_return over(here ? say_error(Step::Denied, {ErrorKind::Locked, "the account is locked"})
                        : say_error(Step::Unavailable, {ErrorKind::RemoteSession, "the account is locked"}));
  }
  const Policy &policy = house.config.policy_for(request.service);
  co_return LoginCase{std::move(request), account.value(), std::move(enrolled->rows), codes_left, policy};
}

Result<Challenge> challenge_for(House &house, const LoginCase &login, UserVerification user_verification) {
  const BootTime now = house.clock.boot();
  if (!login.for_guest)
    return Challenge::make(Ceremony::Get, house.rp_id, login.account, user_verification, now);
  const GuestChallenge &asked = *login.for_guest;
  Challenge challenge = TRY(Challenge::from_bytes(asked.challenge, Ceremony::Get, asked.rp_id, login.account,
                                                  user_verification, now));
  challenge.expect_origins({asked.origin});
  return challenge;
}

Attempt attempt_of(const LoginCase &login, const Credential &credential, std::optional<Ticket> ticket) {
  return {login.account, credential, login.request.place, actor_of(login.request), login.request.remote_host,
          ticket};
}

CodeAttempt code_attempt_of(const LoginCase &login, std::optional<Ticket> ticket) {
  return {login.account, login.request.place, actor_of(login.request), login.request.remote_host, ticket};
}

TryKey try_key_of(const LoginCase &login, Way way) {
  return {login.account.name, way, login.request.place};
}

Error limited(std::chrono::seconds wait) {
  Error error{ErrorKind::Limited, "too many failed tries"};
  error.wait = wait;
  return error;
}

Status may_try(House &house, const LoginCase &login, Way way) {
  const std::chrono::seconds wait =
      TRY(house.ledger.wait_for_try(try_key_of(login, way), house.moment(), house.config.limits));
  if (wait > std::chrono::seconds::zero()) return limited(wait);
  return Ok{};
}

}  // namespace passkeyd
