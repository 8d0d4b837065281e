/// Looking after accounts.
#include "daemon/administration.h"

#include "common/log.h"
#include "daemon/errand.h"

namespace passkeyd {
namespace {

Actor actor_of(const Caller &caller) {
  return {caller.uid, caller.pid, "passkeyctl"};
}

/// The name that a lock is kept under.
Task<Result<UserName>> known_name(House &house, UserName user) {
  Result<Account> account = co_await look_up(house, user);
  if (account) co_return std::move(account->name);
  if (account.error().kind == ErrorKind::NotFound) co_return user;
  co_return account.error();
}

}  // namespace

Task<Result<Standing>> standing_of(House &house, UserName user, Caller caller) {
  const Error refused{ErrorKind::NotAllowed, "You may not do this."};
  const Result<Account> account = co_await look_up(house, std::move(user));
  const bool unknown = !account && account.error().kind == ErrorKind::NotFound;
  if (!caller.is_root() && (unknown || (account && account->uid != caller.uid))) co_return refused;
  if (!account) co_return account.error();
  Result<std::optional<AccountLock>> lock = house.ledger.lock_of(account->name);
  if (!lock) co_return lock.error();
  const Result<std::vector<CodeHash>> codes = house.ledger.unspent_codes(account.value());
  if (!codes) co_return codes.error();
  co_return Standing{std::move(lock).value(), codes->size()};
}

Task<Result<NewCodes>> new_codes(House &house, UserName user, Caller caller) {
  const Result<Account> account = co_await look_up(house, std::move(user));
  if (!account) co_return account.error();
  Result<NewCodes> made = co_await make_codes(house, account.value(), actor_of(caller));
  if (made) log_line(LogLevel::Notice, "new backup codes for " + account->name.str());
  co_return made;
}

Task<Status> lock_account(House &house, UserName user, LockScope scope, std::string reason, Caller caller) {
  const Result<UserName> name = co_await known_name(house, std::move(user));
  if (!name) co_return name.error();
  const Status locked = house.ledger.lock(name.value(), scope, reason, actor_of(caller), house.clock.wall());
  if (locked) log_line(LogLevel::Notice, name->str() + " was locked");
  co_return locked;
}

Task<Status> unlock_account(House &house, UserName user, Caller caller) {
  const Result<UserName> name = co_await known_name(house, std::move(user));
  if (!name) co_return name.error();
  const Status unlocked = house.ledger.unlock(name.value(), actor_of(caller), house.clock.wall());
  if (unlocked) log_line(LogLevel::Notice, name->str() + " was unlocked");
  co_return unlocked;
}

}  // namespace passkeyd
