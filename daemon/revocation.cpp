/// Revoking one, all of an account, or all that a recall names.
#include "daemon/revocation.h"

#include "daemon/described.h"
#include "daemon/errand.h"
#include "daemon/passkeys.h"
#include "daemon/reply.h"
#include "daemon/request.h"

namespace passkeyd {
namespace {

/// All that the account has, at once. What an owner may not touch (a former owner's of the same name) makes
/// it one by one: what is revoked when one fails stays revoked.
Result<std::uint32_t> revoke_of(House &house, const Admitted &admitted, const std::string &reason) {
  const WallTime now = house.clock.wall();
  if (!admitted.is_own())
    return static_cast<std::uint32_t>(
        TRY(house.ledger.revoke_all(admitted.user(), reason, admitted.actor(), now)));
  const Credentials stored = TRY(house.ledger.credentials_of(admitted.user()));
  std::uint32_t count = 0;
  for (const Credential &each : stored.rows) {
    if (each.state == CredentialState::Revoked || !admitted.concerns(each.owner)) continue;
    TRY(house.ledger.set_state(each.row, CredentialState::Revoked, reason, admitted.actor(), now));
    ++count;
  }
  return count;
}

/// What is revoked, or would be.
Result<std::vector<Credential>> carry_out(House &house, const RevokeOrder &order, const Actor &by) {
  Credentials found = TRY(house.ledger.matching(order.which));
  log_problems(found);
  // Before anything is done: what cannot be told afterwards is not to be done.
  if (order.dry_run || found.rows.size() > kMostDescribed) return std::move(found.rows);
  return house.ledger.revoke_matching(order.which, order.reason, by, house.clock.wall());
}

}  // namespace

Task<Status> revoke_credential(House &house, Call call) {
  const Result<Picked> picked = co_await pick(house, call, read_reason);
  if (!picked) co_return picked.error();
  const Result<Credential> revoked =
      house.ledger.set_state(picked->passkey.row, CredentialState::Revoked, picked->with,
                             picked->admitted.actor(), house.clock.wall());
  if (!revoked) co_return revoked.error();
  co_return reply(call.message.get(), Ok{});
}

Task<Status> revoke_all(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<std::string> reason = read_reason(call.message.get());
  if (!reason) co_return reason.error();
  const Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  const Result<std::uint32_t> count = revoke_of(house, admitted.value(), reason.value());
  if (!count) co_return count.error();
  co_return reply(call.message.get(), count.value());
}

Task<Status> revoke_matching(House &house, Call call) {
  const Result<RevokeOrder> order = read_revoke_order(call.message.get());
  if (!order) co_return order.error();
  const Status allowed = co_await admit_to_all(house, call);
  if (!allowed) co_return allowed;
  const Result<std::vector<Credential>> found = carry_out(house, order.value(), actor_of(call.caller));
  if (!found) co_return found.error();
  const Result<std::vector<Described>> described = describe(house, found.value());
  if (!described) co_return described.error();
  co_return reply(call.message.get(), described.value());
}

}  // namespace passkeyd
