/// Administration: what is done about an account rather than by its owner signing in: new backup codes,
/// locks, and how it stands. Each gives the reply to a call.
#pragma once

#include <string>

#include "daemon/caller.h"
#include "daemon/code.h"
#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// How an account stands.
struct Standing {
  std::optional<AccountLock> lock;
  std::size_t codes_left = 0;
};

/// For others than root, an account that is not theirs, or has no passkey, stands like any that nothing is
/// known of.
Task<Result<Standing>> standing_of(House &house, UserName user, Caller caller);

/// Errors: NotFound (no such account), or a fault.
Task<Result<NewCodes>> new_codes(House &house, UserName user, Caller caller);

/// Locks under the name the system knows the account by; one that the system does not know, under the name as
/// given.
Task<Status> lock_account(House &house, UserName user, LockScope scope, std::string reason, Caller caller);
/// Errors: NotFound if it is not locked.
Task<Status> unlock_account(House &house, UserName user, Caller caller);

}  // namespace passkeyd
