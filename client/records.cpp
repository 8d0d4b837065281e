/// Reading records. Every a{sv} here goes through one reader that keeps the basic types.
#include "client/records.h"

#include <algorithm>
#include <limits>

#include "client/printable.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMaxRecords = 4096;
constexpr std::size_t kMaxText = 255;

Error malformed(const char *what) {
  return {ErrorKind::Malformed, what};
}

std::optional<StatusValue> read_value(sd_bus_message *m, std::string_view type) {
  if (type == "s") {
    const char *text = nullptr;
    if (sd_bus_message_read(m, "v", "s", &text) <= 0) return std::nullopt;
    return printable(text, kMaxText);
  }
  if (type == "u") {
    std::uint32_t number = 0;
    if (sd_bus_message_read(m, "v", "u", &number) <= 0) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (type == "x") {
    std::int64_t number = 0;
    if (sd_bus_message_read(m, "v", "x", &number) <= 0) return std::nullopt;
    return number;
  }
  if (type == "t") {
    std::uint64_t number = 0;
    if (sd_bus_message_read(m, "v", "t", &number) <= 0) return std::nullopt;
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(number, std::numeric_limits<std::int64_t>::max()));
  }
  int truth = 0;
  if (sd_bus_message_read(m, "v", "b", &truth) <= 0) return std::nullopt;
  return truth != 0;
}

/// Reads the a{sv} that comes next.
Result<StatusReport> read_dictionary(sd_bus_message *m) {
  StatusReport report;
  if (sd_bus_message_enter_container(m, 'a', "{sv}") <= 0)
    return malformed("no dictionary where one belongs");
  int more = 0;
  while ((more = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
    const char *key = nullptr;
    const char *contents = nullptr;
    char kind = 0;
    if (sd_bus_message_read(m, "s", &key) <= 0 || sd_bus_message_peek_type(m, &kind, &contents) <= 0)
      return malformed("a dictionary entry does not parse");
    const std::string_view type = contents != nullptr ? contents : "";
    if (type == "s" || type == "u" || type == "x" || type == "t" || type == "b") {
      std::optional<StatusValue> value = read_value(m, type);
      if (!value) return malformed("a dictionary value does not parse");
      report.insert_or_assign(printable(key, kMaxText), std::move(*value));
    } else if (sd_bus_message_skip(m, "v") < 0) {
      return malformed("a dictionary value does not parse");
    }
    if (sd_bus_message_exit_container(m) < 0) return malformed("a dictionary entry does not parse");
  }
  if (more < 0 || sd_bus_message_exit_container(m) < 0) return malformed("a dictionary does not parse");
  return report;
}

/// Puts `row[key]` into `into`. False if it is there and of another type.
template <class T>
bool take(const StatusReport &row, const char *key, T &into) {
  const auto found = row.find(key);
  if (found == row.end()) return true;
  const T *value = std::get_if<T>(&found->second);
  if (value != nullptr) into = *value;
  return value != nullptr;
}

/// The same for what may be left out.
template <class T>
bool take(const StatusReport &row, const char *key, std::optional<T> &into) {
  T value = {};
  if (!take(row, key, value)) return false;
  if (row.contains(key)) into = std::move(value);
  return true;
}

/// nullopt: the row has no id, or a value of the wrong type.
std::optional<CredentialRecord> record_of(const StatusReport &row) {
  CredentialRecord record;
  const bool sound =
      take(row, "id", record.id) && take(row, "user", record.user) && take(row, "uid", record.uid) &&
      take(row, "name", record.name) && take(row, "way", record.way) && take(row, "device", record.device) &&
      take(row, "state", record.state) && take(row, "reason", record.reason) &&
      take(row, "changed-by", record.changed_by) && take(row, "changed", record.changed) &&
      take(row, "created", record.created) && take(row, "last-used", record.last_used) &&
      take(row, "user-verification", record.user_verification) && take(row, "sensor", record.sensor) &&
      take(row, "discoverable", record.discoverable) && take(row, "synced", record.synced) &&
      take(row, "aaguid", record.aaguid) && take(row, "attestation", record.attestation) &&
      take(row, "attested-by", record.attested_by) && take(row, "model", record.model) &&
      take(row, "recalled", record.recalled);
  if (!sound || record.id.empty()) return std::nullopt;
  return record;
}

}  // namespace

Result<CredentialList> read_credentials(sd_bus_message *reply) {
  if (sd_bus_message_has_signature(reply, "aa{sv}") <= 0 ||
      sd_bus_message_enter_container(reply, 'a', "a{sv}") < 0)
    return malformed("the answer is no list of passkeys");
  CredentialList list;
  while (sd_bus_message_at_end(reply, 0) == 0) {
    const StatusReport row = TRY(read_dictionary(reply));
    if (list.records.size() + list.unreadable == kMaxRecords) return malformed("there are too many passkeys");
    if (std::optional<CredentialRecord> record = record_of(row))
      list.records.push_back(std::move(*record));
    else
      ++list.unreadable;
  }
  return list;
}

Result<CredentialList> list_credentials(Bus &bus, const UserName &user, Patience &patience) {
  const Message reply = TRY(bus.call_manager(
      "ListCredentials", [&](sd_bus_message *m) { return sd_bus_message_append(m, "s", user.str().c_str()); },
      patience, Bus::kAuthorityTime));
  return read_credentials(reply.get());
}

Result<CredentialList> list_all_credentials(Bus &bus, Patience &patience) {
  const Message reply = TRY(bus.call_manager("ListAllCredentials", {}, patience, Bus::kAuthorityTime));
  return read_credentials(reply.get());
}

Result<CredentialRecord> find_credential(const CredentialList &list, std::string_view which) {
  const CredentialRecord *named = nullptr;
  for (const CredentialRecord &record : list.records) {
    if (record.id == which) return record;
    if (record.name != which || record.state == "revoked") continue;
    if (named != nullptr)
      return Error{ErrorKind::InvalidInput, "several passkeys have that name: use the id"};
    named = &record;
  }
  if (named == nullptr) return Error{ErrorKind::NotFound, "this account has no such passkey"};
  return *named;
}

Result<StatusReport> get_status(Bus &bus, Patience &patience) {
  const Message reply = TRY(bus.call_manager("GetStatus", {}, patience));
  if (sd_bus_message_has_signature(reply.get(), "a{sv}") <= 0)
    return malformed("GetStatus: the answer is no dictionary");
  return read_dictionary(reply.get());
}

}  // namespace passkeyd
