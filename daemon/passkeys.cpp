/// Listing, picking one, renaming, resuming.
#include "daemon/passkeys.h"

#include <algorithm>

#include "daemon/described.h"
#include "daemon/errand.h"
#include "daemon/reply.h"
#include "daemon/request.h"

namespace passkeyd {
namespace {

/// What of the account's is the caller's business, tombstones included.
Result<std::vector<Credential>> credentials_for(House &house, const Admitted &admitted) {
  Credentials stored = TRY(house.ledger.credentials_of(admitted.user()));
  log_problems(stored);
  std::erase_if(stored.rows, [&](const Credential &each) { return !admitted.concerns(each.owner); });
  return std::move(stored.rows);
}

Result<Credential> find(House &house, const Admitted &admitted, std::string_view id) {
  std::vector<Credential> all = TRY(credentials_for(house, admitted));
  const auto by_id =
      std::ranges::find_if(all, [&](const Credential &each) { return short_id(each.id) == id; });
  if (by_id != all.end()) return std::move(*by_id);
  std::erase_if(
      all, [&](const Credential &each) { return each.state == CredentialState::Revoked || each.name != id; });
  if (all.empty()) return Error{ErrorKind::NotFound, "The account has no passkey of that id or name."};
  if (all.size() > 1)
    return Error{ErrorKind::InvalidInput, "Several passkeys bear that name: give the id of one of them."};
  return std::move(all.front());
}

Result<Credential> find_live(House &house, const Admitted &admitted, std::string_view id) {
  Credential picked = TRY(find(house, admitted, id));
  if (picked.state == CredentialState::Revoked)
    return Error{ErrorKind::InvalidInput, "That passkey is revoked already, which is for ever."};
  return picked;
}

}  // namespace

Task<Result<Picked>> pick(House &house, const Call &call, Result<std::string> (*read)(sd_bus_message *)) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<std::string> id = read_id(call.message.get());
  if (!id) co_return id.error();
  Result<std::string> with = read(call.message.get());
  if (!with) co_return with.error();
  Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  Result<Credential> found = find_live(house, admitted.value(), id.value());
  if (!found) co_return found.error();
  co_return Picked{std::move(admitted).value(), std::move(found).value(), std::move(with).value()};
}

Task<Status> list_credentials(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  const Result<std::vector<Credential>> found = credentials_for(house, admitted.value());
  if (!found) co_return found.error();
  const Result<std::vector<Described>> described = describe(house, found.value());
  if (!described) co_return described.error();
  co_return reply(call.message.get(), described.value());
}

Task<Status> list_all_credentials(House &house, Call call) {
  const Status allowed = co_await admit_to_all(house, call);
  if (!allowed) co_return allowed;
  const Result<Credentials> stored = house.ledger.all_credentials();
  if (!stored) co_return stored.error();
  log_problems(stored.value());
  const Result<std::vector<Described>> described = describe(house, stored->rows);
  if (!described) co_return described.error();
  co_return reply(call.message.get(), described.value());
}

Task<Status> rename_credential(House &house, Call call) {
  const Result<Picked> picked = co_await pick(house, call, read_name);
  if (!picked) co_return picked.error();
  const Result<Credential> renamed =
      house.ledger.rename(picked->passkey.row, picked->with, picked->admitted.actor(), house.clock.wall());
  if (!renamed) co_return renamed.error();
  co_return reply(call.message.get(), Ok{});
}

Task<Status> resume_credential(House &house, Call call) {
  const Result<Picked> picked = co_await pick(house, call, read_reason);
  if (!picked) co_return picked.error();
  if (picked->passkey.state != CredentialState::Suspended)
    co_return Error{ErrorKind::InvalidInput, "That passkey is not suspended."};
  const Result<Credential> resumed =
      house.ledger.set_state(picked->passkey.row, CredentialState::Active, picked->with,
                             picked->admitted.actor(), house.clock.wall());
  if (!resumed) co_return resumed.error();
  co_return reply(call.message.get(), Ok{});
}

}  // namespace passkeyd
