/// Finding out whose account it is, and asking.
#include "daemon/admission.h"

#include "daemon/errand.h"

namespace passkeyd {
namespace {

/// The uid that nobody has, for names that nobody has.
constexpr uid_t kNobodys = static_cast<uid_t>(-1);

}  // namespace

Result<Account> Admitted::existing() const {
  if (!account_) return Error{ErrorKind::NotFound, "There is no such account."};
  return *account_;
}

Actor actor_of(const Caller &caller) {
  return {caller.uid, caller.pid, "passkeyctl"};
}

Task<Result<Admitted>> admit(House &house, const Call &call, UserName user) {
  Admitted admitted(std::move(user), actor_of(call.caller));
  const Result<Account> account = co_await look_up(house, admitted.user_);
  if (!account && account.error().kind != ErrorKind::NotFound) co_return account.error();
  if (account) admitted.account_ = account.value();
  admitted.own_ = account && !call.caller.is_root() && account->uid == call.caller.uid;
  // In the dialog and in the record of a refusal is the name that was asked for, whoever has it.
  const Account about{admitted.user_, account ? account->uid : kNobodys};
  const bool promised = call.deed == Deed::NewCodes && account &&
                        house.first_codes.take(call.caller.bus_name, account.value(), house.clock.boot());
  if (!promised) {
    const Status allowed = co_await authorize(house, call.caller, call.interactive, call.deed, about);
    if (!allowed) co_return allowed.error();
  }
  if (admitted.account_) admitted.user_ = admitted.account_->name;
  co_return admitted;
}

Task<Status> admit_to_all(House &house, const Call &call) {
  co_return co_await authorize(house, call.caller, call.interactive, call.deed, std::nullopt);
}

}  // namespace passkeyd
