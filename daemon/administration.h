/// Administration: what is done about an account as a whole: how it stands, new backup codes, locks, tries
/// that are forgotten. Each function answers one method of the Manager; docs/dbus.md says what it takes and
/// gives.
#pragma once

#include <optional>

#include "daemon/admission.h"

namespace passkeyd {

/// How an account stands.
struct Standing {
  std::optional<AccountLock> lock;
  std::size_t codes_left = 0;
};

Task<Status> check_account(House &house, Call call);
Task<Status> new_backup_codes(House &house, Call call);
/// Locks under the name the system knows the account by; one that the system does not know, under the name as
/// given.
Task<Status> lock_user(House &house, Call call);
Task<Status> unlock_user(House &house, Call call);
Task<Status> reset_limits(House &house, Call call);

}  // namespace passkeyd
