/// Calling, and reading what comes.
#include "client/guest.h"

#include "client/dictionary.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMostKeys = 256;  ///< the daemon keeps fewer for one account

/// nullopt: the row lacks what a key cannot be without, or has a value of the wrong type.
std::optional<GuestKeyRecord> record_of(const Dictionary &row) {
  GuestKeyRecord record;
  const bool sound = row.take("id", record.id) && row.take("credential-id", record.credential_id) &&
                     row.take("rp-id", record.rp_id) && row.take("account", record.account) &&
                     row.take("created", record.created) && row.take("last-used", record.last_used);
  if (!sound || record.id.empty() || record.credential_id.empty()) return std::nullopt;
  return record;
}

}  // namespace

Result<std::vector<GuestKeyRecord>> list_guest_keys(Bus &bus, const UserName &user, Patience &patience) {
  const auto fill = [&](sd_bus_message *call) {
    return sd_bus_message_append(call, "s", user.str().c_str());
  };
  const Message reply = TRY(bus.call_manager("ListGuestKeys", fill, patience, Bus::kAuthorityTime));
  std::vector<GuestKeyRecord> keys;
  for (const Dictionary &row : TRY(Dictionary::read_list(reply.get(), kMostKeys)))
    if (std::optional<GuestKeyRecord> record = record_of(row)) keys.push_back(std::move(*record));
  return keys;
}

Status remove_guest_key(Bus &bus, const UserName &user, const std::string &id, Patience &patience) {
  const auto fill = [&](sd_bus_message *call) {
    return sd_bus_message_append(call, "ss", user.str().c_str(), id.c_str());
  };
  TRY(bus.call_manager("RemoveGuestKey", fill, patience, Bus::kAuthorityTime));
  return Ok{};
}

}  // namespace passkeyd
