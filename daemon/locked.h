/// Locked: whether an administrator has locked an account, for the stories that end at once then.
#pragma once

#include "daemon/house.h"

namespace passkeyd {

/// May the account get or use a passkey now? Errors: Locked; a fault of the ledger's.
Status not_locked(House &house, const UserName &user);

}  // namespace passkeyd
