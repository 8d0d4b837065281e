/// AccountLock: an administrator's word that somebody may not come in.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "common/account.h"
#include "common/clock.h"
#include "common/result.h"
#include "ledger/sqlite.h"

namespace passkeyd {

enum class LockScope {
  AllMethods,  ///< the module's account line refuses as well, with whatever the person came in: everybody who
               ///< passed an auth line of it, and with its option "always" everybody
  Passkeys,  ///< passkeys and backup codes open nothing
};

/// "all", "passkeys".
std::string_view name_of(LockScope scope);
std::optional<LockScope> lock_scope_of(std::string_view name);

struct AccountLock {
  LockScope scope = LockScope::AllMethods;
  std::string reason;  ///< an administrator's words
  uid_t by_uid = 0;
  std::string by;
  WallTime when{};
};

namespace locks {

/// The account's lock, inside the caller's transaction; nullopt: it has none. One that makes no sense is
/// still a lock: what cannot be shown is left empty, and a scope that nobody knows is the widest.
Result<std::optional<AccountLock>> read(sql::Database &database, const UserName &user);

}  // namespace locks
}  // namespace passkeyd
