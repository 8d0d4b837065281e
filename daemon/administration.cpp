/// Looking after accounts.
#include "daemon/administration.h"

#include "daemon/code.h"
#include "daemon/errand.h"
#include "daemon/reply.h"
#include "daemon/request.h"

namespace passkeyd {
namespace {

Result<Standing> standing_of(House &house, const Account &account) {
  std::optional<AccountLock> lock = TRY(house.ledger.lock_of(account.name));
  const std::vector<CodeHash> codes = TRY(house.ledger.unspent_codes(account));
  return Standing{std::move(lock), codes.size()};
}

}  // namespace

Task<Status> check_account(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  const Result<Account> account = admitted->existing();
  if (!account) co_return account.error();
  const Result<Standing> standing = standing_of(house, account.value());
  if (!standing) co_return standing.error();
  co_return reply(call.message.get(), standing.value());
}

Task<Status> new_backup_codes(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  const Result<Account> account = admitted->existing();
  if (!account) co_return account.error();
  const Result<NewCodes> made = co_await make_codes(house, account.value(), admitted->actor());
  if (!made) co_return made.error();
  co_return reply(call.message.get(), made.value());
}

Task<Status> lock_user(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<LockOptions> options = read_lock_options(call.message.get());
  if (!options) co_return options.error();
  const Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  const Status locked = house.ledger.lock(admitted->user(), options->scope, options->reason,
                                          admitted->actor(), house.clock.wall());
  if (!locked) co_return locked;
  co_return reply(call.message.get(), Ok{});
}

Task<Status> unlock_user(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  const Status unlocked = house.ledger.unlock(admitted->user(), admitted->actor(), house.clock.wall());
  if (!unlocked) co_return unlocked;
  co_return reply(call.message.get(), Ok{});
}

Task<Status> reset_limits(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  const Status forgotten = house.ledger.forget_tries(admitted->user(), admitted->actor(), house.clock.wall());
  if (!forgotten) co_return forgotten;
  co_return reply(call.message.get(), Ok{});
}

}  // namespace passkeyd
