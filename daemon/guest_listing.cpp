/// What there is, and one less of it.
#include "daemon/guest_listing.h"

#include <algorithm>

#include "daemon/reply.h"
#include "daemon/request.h"

namespace passkeyd {
namespace {

/// Whose account, once the caller may, and its keys.
struct Owned {
  Admitted admitted;
  std::vector<GuestKey> keys;
};

/// `call` outlives the task.
Task<Result<Owned>> owned(House &house, const Call &call, UserName user) {
  Result<Admitted> admitted = co_await admit(house, call, std::move(user));
  if (!admitted) co_return admitted.error();
  const Result<Account> owner = admitted->existing();
  if (!owner) co_return owner.error();
  Result<std::vector<GuestKey>> keys = house.ledger.guest_keys_of(owner.value());
  if (!keys) co_return keys.error();
  co_return Owned{std::move(admitted).value(), std::move(keys).value()};
}

}  // namespace

Task<Status> list_guest_keys(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<Owned> found = co_await owned(house, call, user.value());
  if (!found) co_return found.error();
  co_return reply(call.message.get(), found->keys);
}

Task<Status> remove_guest_key(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<std::string> id = read_id(call.message.get());
  if (!id) co_return id.error();
  const Result<Owned> found = co_await owned(house, call, user.value());
  if (!found) co_return found.error();
  const auto key = std::ranges::find_if(
      found->keys, [&](const GuestKey &each) { return short_id(each.credential.id) == id.value(); });
  if (key == found->keys.end()) co_return Error{ErrorKind::NotFound, "The account has no such key."};
  const Status removed = house.ledger.remove_guest_key(*key, found->admitted.actor(), house.clock.wall());
  if (!removed) co_return removed;
  co_return reply(call.message.get(), Ok{});
}

}  // namespace passkeyd
