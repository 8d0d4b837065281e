/// Admin: the calls that change something without a dialogue: new backup codes, an administrator's lock, and
/// the end of waits after failed tries.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/bus.h"
#include "common/account.h"
#include "common/secret.h"

namespace passkeyd {

/// A new set of backup codes in the clear, for the person, once.
class CodeSet {
 public:
  /// Takes `lines`, a code each, as the daemon sent them. Errors: Malformed unless there are `count` of them,
  /// 1 to BackupCode::kCount, of nothing but digits, capitals and hyphens.
  static Result<CodeSet> parse(Secret lines, std::uint32_t count);

  /// The codes, a line each, without a newline at the end.
  [[nodiscard]] const Secret &text() const { return text_; }
  /// Each of them; valid as long as this object stays where it is.
  [[nodiscard]] std::vector<std::string_view> codes() const;

 private:
  explicit CodeSet(Secret text) : text_(std::move(text)) {}
  Secret text_;
};

/// Makes a new set for `user`; from then on no other code is good. The daemon may first ask the person to
/// authenticate (polkit). Errors: as Bus::call_manager; InvalidInput, Malformed if what comes is no set.
Result<CodeSet> new_backup_codes(Bus &bus, const UserName &user, Patience &patience);

/// What an administrator's lock shall say.
struct LockOrder {
  UserName user;
  bool all_methods = false;  ///< also where the person came in without a passkey
  std::string reason = {};   ///< empty: none is given
};

/// Locks an account, or changes its lock. Errors: as Bus::call_manager.
Status lock_user(Bus &bus, const LockOrder &order, Patience &patience);

/// Errors: as Bus::call_manager; NotFound if there is no lock.
Status unlock_user(Bus &bus, const UserName &user, Patience &patience);

/// Has the daemon forget the account's failed tries. Errors: as Bus::call_manager.
Status reset_limits(Bus &bus, const UserName &user, Patience &patience);

}  // namespace passkeyd
