/// Looking into the ledger.
#include "daemon/locked.h"

namespace passkeyd {

Status not_locked(House &house, const UserName &user) {
  if (TRY(house.ledger.lock_of(user))) return Error{ErrorKind::Locked, "the account is locked"};
  return Ok{};
}

}  // namespace passkeyd
