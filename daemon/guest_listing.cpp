/// What there is, and one less of it.
#include "daemon/guest_listing.h"

#include <algorithm>

#include "daemon/reply.h"
#include "daemon/request.h"

namespace passkeyd {

Task<Status> list_guest_keys(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  const Result<Account> owner = admitted->existing();
  if (!owner) co_return owner.error();
  const Result<std::vector<GuestKey>> keys = house.ledger.guest_keys_of(owner.value());
  if (!keys) co_return keys.error();
  co_return reply(call.message.get(), keys.value());
}

Task<Status> remove_guest_key(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<std::string> id = read_id(call.message.get());
  if (!id) co_return id.error();
  const Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  const Result<Account> owner = admitted->existing();
  if (!owner) co_return owner.error();
  const Result<std::vector<GuestKey>> keys = house.ledger.guest_keys_of(owner.value());
  if (!keys) co_return keys.error();
  const auto key = std::ranges::find_if(
      keys.value(), [&](const GuestKey &each) { return short_id(each.credential.id) == id.value(); });
  if (key == keys->end()) co_return Error{ErrorKind::NotFound, "The account has no such key."};
  const Status removed = house.ledger.remove_guest_key(*key, admitted->actor(), house.clock.wall());
  if (!removed) co_return removed;
  co_return reply(call.message.get(), Ok{});
}

}  // namespace passkeyd
