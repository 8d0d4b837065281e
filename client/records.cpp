/// Reading records. client/dictionary.h parses them.
#include "client/records.h"

#include "client/dictionary.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMaxRecords = 65536;  ///< of everybody, with all that was ever revoked

Error malformed(const char *method, const char *what) {
  return {ErrorKind::Malformed, std::string(method) + ": " + what};
}

/// nullopt: the row has no id, or a value of the wrong type.
std::optional<CredentialRecord> record_of(const Dictionary &row) {
  CredentialRecord record;
  const bool sound =
      row.take("id", record.id) && row.take("user", record.user) && row.take("uid", record.uid) &&
      row.take("name", record.name) && row.take("way", record.way) && row.take("ssh-key", record.ssh_key) &&
      row.take("device", record.device) && row.take("state", record.state) &&
      row.take("reason", record.reason) && row.take("changed-by", record.changed_by) &&
      row.take("changed", record.changed) && row.take("created", record.created) &&
      row.take("last-used", record.last_used) && row.take("user-verification", record.user_verification) &&
      row.take("sensor", record.sensor) && row.take("discoverable", record.discoverable) &&
      row.take("synced", record.synced) && row.take("aaguid", record.aaguid) &&
      row.take("attestation", record.attestation) && row.take("attested-by", record.attested_by) &&
      row.take("model", record.model) && row.take("recalled", record.recalled);
  if (!sound || record.id.empty()) return std::nullopt;
  return record;
}

}  // namespace

Result<CredentialList> read_credentials(const Message &reply, const char *method) {
  const Result<std::vector<Dictionary>> rows = Dictionary::read_list(reply.get(), kMaxRecords);
  if (!rows) return malformed(method, "the answer is no list of passkeys");
  CredentialList list;
  for (const Dictionary &row : rows.value()) {
    if (std::optional<CredentialRecord> record = record_of(row))
      list.records.push_back(std::move(*record));
    else
      ++list.unreadable;
  }
  return list;
}

Result<CredentialRecord> read_credential(const Message &reply, const char *method) {
  if (sd_bus_message_has_signature(reply.get(), "a{sv}") <= 0)
    return malformed(method, "the answer is no passkey");
  const Dictionary row = TRY(Dictionary::read(reply.get()));
  std::optional<CredentialRecord> record = record_of(row);
  if (!record) return malformed(method, "the passkey that came makes no sense");
  return *std::move(record);
}

Result<CredentialList> list_credentials(Bus &bus, const UserName &user, Patience &patience) {
  const Message reply = TRY(bus.call_manager(
      "ListCredentials", [&](sd_bus_message *m) { return sd_bus_message_append(m, "s", user.str().c_str()); },
      patience, Bus::kAuthorityTime));
  return read_credentials(reply, "ListCredentials");
}

Result<CredentialList> list_all_credentials(Bus &bus, Patience &patience) {
  const Message reply = TRY(bus.call_manager("ListAllCredentials", {}, patience, Bus::kAuthorityTime));
  return read_credentials(reply, "ListAllCredentials");
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
    return malformed("GetStatus", "the answer is no dictionary");
  const Dictionary status = TRY(Dictionary::read(reply.get()));
  return StatusReport(status.entries().begin(), status.entries().end());
}

}  // namespace passkeyd
