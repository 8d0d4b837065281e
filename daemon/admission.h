/// Admission: one call of the Manager, and whether its caller may. What is done to an account takes an
/// Admitted, and only admit() makes one.
#pragma once

#include <optional>

#include "daemon/authority.h"
#include "daemon/bus.h"
#include "daemon/caller.h"
#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// A call as it came in. `deed` is its row's.
struct Call {
  BusMessage message;
  Caller caller;
  bool interactive = false;  ///< a person may be asked (D-Bus: ALLOW_INTERACTIVE_AUTHORIZATION)
  Deed deed = Deed::Nothing;
};

/// Whose account a call is about, once it is certain that the caller may.
class Admitted {
 public:
  /// As the system knows and spells it; as it was asked for, where the system knows nobody of that name.
  [[nodiscard]] const UserName &user() const { return user_; }
  /// nullopt: the system knows nobody of that name (any more).
  [[nodiscard]] const std::optional<Account> &account() const { return account_; }
  /// The same for what makes no sense without an account. Errors: NotFound.
  [[nodiscard]] Result<Account> existing() const;
  /// Who acts, for the records.
  [[nodiscard]] const Actor &actor() const { return actor_; }
  /// What of that name's credentials is the caller's business: all of it for root and administrators, what
  /// was enrolled for this very account for its owner.
  [[nodiscard]] bool concerns(const Account &owner) const { return !own_ || owner == account_; }
  /// The caller is the owner, and nothing more.
  [[nodiscard]] bool is_own() const { return own_; }

 private:
  Admitted(UserName user, Actor actor) : user_(std::move(user)), actor_(std::move(actor)) {}
  friend Task<Result<Admitted>> admit(House &house, const Call &call, UserName user);
  UserName user_;
  std::optional<Account> account_;
  Actor actor_;
  bool own_ = true;
};

/// Who acts, for the records.
Actor actor_of(const Caller &caller);

/// May the caller do the call's deed to the account of that name? To others than root an account that does
/// not exist is somebody else's, like any other, until polkit has said yes. Errors: as authorize(); a fault.
Task<Result<Admitted>> admit(House &house, const Call &call, UserName user);

/// The same for the machine, or everybody's accounts.
Task<Status> admit_to_all(House &house, const Call &call);

}  // namespace passkeyd
