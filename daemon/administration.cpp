/// Looking after accounts.
#include "daemon/administration.h"

#include <algorithm>

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

Result<Standing> standing(House &house, const Account &account) {
  std::optional<AccountLock> lock = TRY(house.ledger.lock_of(account.name));
  const std::vector<CodeHash> codes = TRY(house.ledger.unspent_codes(account));
  return Standing{std::move(lock), codes.size()};
}

/// For others than root: only about what is enrolled for their uid, and without a look-up, which costs a
/// process.
Result<Standing> standing_of_own(House &house, const Account &claimed) {
  const Credentials stored = TRY(house.ledger.credentials_of(claimed.name));
  const bool own = std::any_of(stored.rows.begin(), stored.rows.end(),
                               [&](const Credential &each) { return each.owner == claimed; });
  if (!own) return Error{ErrorKind::NotAllowed, "You may not do this."};
  return standing(house, claimed);
}

}  // namespace

Task<Result<Standing>> standing_of(House &house, UserName user, Caller caller) {
  if (!caller.is_root()) co_return standing_of_own(house, {std::move(user), caller.uid});
  const Result<Account> account = co_await look_up(house, std::move(user));
  if (!account) co_return account.error();
  co_return standing(house, account.value());
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
