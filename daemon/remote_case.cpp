/// Who wants in from elsewhere.
#include "daemon/remote_case.h"

#include "common/log.h"
#include "daemon/errand.h"
#include "daemon/pretence.h"

namespace passkeyd {
namespace {

/// A number that no account has.
constexpr uid_t kNobody = static_cast<uid_t>(-1);

std::vector<Bytes> ids_of(const std::vector<Credential> &credentials) {
  std::vector<Bytes> ids;
  for (const Credential &each : credentials) ids.push_back(each.id);
  return ids;
}

/// As the policy would have it of credentials that were enrolled so.
UserVerification pretended(const Policy &policy, const MadeUp &made_up) {
  return insists(policy, made_up.enrolled_with_verification) ? UserVerification::Required
                                                             : policy.user_verification;
}

/// How many codes the account has left; nullopt: it has some, and none can be read.
std::optional<std::size_t> codes_of(House &house, const Account &account) {
  const Result<std::vector<CodeHash>> codes = house.ledger.unspent_codes(account);
  if (codes) return codes->size();
  log_line(LogLevel::Error, "ledger: " + log_safe(codes.error().sentence));
  return std::nullopt;
}

/// Looks into the ledger for an account that the system knows, or does not know.
Result<RemoteCase> look_into(House &house, LoginRequest request, Policy policy, Account account,
                             bool exists) {
  const Secret secret = TRY(pretence_secret(house.ledger));
  MadeUp made_up = TRY(make_up(secret, account.name));
  Credentials enrolled = TRY(enrolled_for(house, account.name, request.caller_uid));
  const std::optional<AccountLock> lock = TRY(house.ledger.lock_of(account.name));
  const std::optional<std::size_t> codes = codes_of(house, account);

  RemoteCase remote{LoginCase{std::move(request), std::move(account), {}, 0, std::move(policy)}};
  remote.ids = std::move(made_up.ids);
  remote.user_verification = pretended(remote.login.policy, made_up);
  remote.exists = exists;
  const bool unreadable = enrolled.rows.empty() && (!enrolled.problems.empty() || !codes);
  if (enrolled.rows.empty() && !unreadable && codes == 0) {
    remote.standing = Standing::NotEnrolled;
    return remote;
  }
  if (lock || unreadable || !exists) {
    remote.why = lock ? ErrorKind::Locked : unreadable ? ErrorKind::Corrupt : ErrorKind::NotFound;
    return remote;
  }
  remote.standing = Standing::Enrolled;
  LoginCase &login = remote.login;
  login.credentials = std::move(enrolled.rows);
  login.codes = codes.value_or(0);
  remote.way = plan_for_askpass(login.request, login.account, login.credentials, house.rp_id, login.policy);
  if (remote.way) {
    remote.ids = ids_of(remote.way->credentials);
    remote.user_verification = remote.way->user_verification;
  }
  return remote;
}

}  // namespace

Task<Result<RemoteCase>> open_remote_case(House &house, LoginRequest request) {
  request.place = Place::Remote;
  Policy policy = house.config.policy_for(request.service);
  const Result<Account> found = co_await look_up(house, *request.user);
  if (!found && found.error().kind != ErrorKind::NotFound) co_return found.error();
  const bool exists = static_cast<bool>(found);
  Account account = exists ? found.value() : Account{*request.user, kNobody};
  co_return look_into(house, std::move(request), std::move(policy), std::move(account), exists);
}

}  // namespace passkeyd
