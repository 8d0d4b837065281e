/// Looking up accounts in a process of their own, since NSS may wait for a network.
#include "daemon/errand.h"

namespace passkeyd {

Task<Result<Account>> look_up(House &house, UserName user) {
  wire::Request request = wire::LookUpAccount{user.str()};
  Result<wire::AccountFound> found =
      co_await errand<wire::AccountFound>(house, std::move(request), std::string());
  if (!found) co_return found.error();
  if (found->name != user.str())
    co_return Error{ErrorKind::NotFound, "the system spells this user name otherwise"};
  co_return Account{std::move(user), found->uid};
}

}  // namespace passkeyd
