/// What an administrator has said about an account, and what is left of its backup codes, asked of the
/// daemon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/bus.h"
#include "common/account.h"
#include "common/result.h"

namespace passkeyd {

struct AccountState {
  bool locked = true;
  bool all_methods = true;  ///< not only passkeys and backup codes: whatever way the person took
  std::string reason = {};  ///< the administrator's words, printable
  std::optional<std::uint32_t> codes_left = {};  ///< unspent backup codes; nullopt: not said
};

/// Errors: as Bus::call_manager; Malformed for an answer that leaves out whether the account is locked.
Result<AccountState> check_account(Bus &bus, const UserName &user, Patience &patience);

}  // namespace passkeyd
