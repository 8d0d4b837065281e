/// AccountLock: an administrator's word that somebody may not come in.
#pragma once

#include <sys/types.h>

#include <string>

#include "common/clock.h"

namespace passkeyd {

enum class LockScope {
  AllMethods,  ///< account management refuses as well, whatever way the person took
  Passkeys,    ///< passkeys and backup codes open nothing
};

struct AccountLock {
  LockScope scope = LockScope::AllMethods;
  std::string reason;  ///< an administrator's words
  uid_t by_uid = 0;
  std::string by;
  WallTime when{};
};

}  // namespace passkeyd
