/// Writing values into bus messages.
#include "daemon/reply.h"

#include <optional>
#include <string>
#include <string_view>

#include "webauthn/base64url.h"

namespace passkeyd {
namespace {

std::int64_t seconds_of(WallTime time) {
  return time.time_since_epoch().count();
}

/// One a{sv}, key by key. The first failure is kept, and what comes after it is not written.
class Keys {
 public:
  explicit Keys(sd_bus_message *reply)
      : reply_(reply), failed_(sd_bus_message_open_container(reply, 'a', "{sv}")) {}
  Keys &text(const char *key, const std::string &value) { return put(key, "s", value.c_str()); }
  Keys &text(const char *key, std::string_view value) { return text(key, std::string(value)); }
  Keys &truth(const char *key, bool value) { return put(key, "b", value ? 1 : 0); }
  Keys &count(const char *key, std::uint32_t value) { return put(key, "u", value); }
  Keys &time(const char *key, const std::optional<WallTime> &value) {
    return value ? put(key, "x", seconds_of(*value)) : *this;
  }
  template <class Value>
  Keys &put(const char *key, const char *type, Value value) {
    if (failed_ >= 0) failed_ = sd_bus_message_append(reply_, "{sv}", key, type, value);
    return *this;
  }
  int done() { return failed_ >= 0 ? sd_bus_message_close_container(reply_) : failed_; }

 private:
  sd_bus_message *reply_;
  int failed_;
};

int append(sd_bus_message *reply, const Described &described) {
  const Credential &credential = described.credential;
  return Keys(reply)
      .text("id", short_id(credential.id))
      .text("user", credential.owner.name.str())
      .count("uid", credential.owner.uid)
      .text("name", credential.name)
      .text("way", name_of(credential.way))
      .text("device", credential.device)
      .text("state", name_of(credential.state))
      .text("reason", described.change.reason)
      .count("changed-by", described.change.by_uid)
      .time("changed", described.change.when)
      .time("created", credential.created)
      .time("last-used", credential.last_used)
      .truth("user-verification", credential.user_verification)
      .truth("sensor", credential.built_in_uv)
      .truth("discoverable", credential.discoverable)
      .truth("synced", credential.backup_eligible)
      .text("aaguid", text_of(credential.aaguid))
      .text("attestation", name_of(credential.attestation))
      .text("attested-by", credential.attested_by)
      .text("model", described.model)
      .text("recalled", described.recalled)
      .done();
}

int append(sd_bus_message *reply, const GuestKey &key) {
  return Keys(reply)
      .text("id", short_id(key.credential.id))
      .text("credential-id", to_base64url(key.credential.id))
      .text("rp-id", key.credential.rp_id.str())
      .text("account", key.account)
      .time("created", key.credential.created)
      .time("last-used", key.credential.last_used)
      .done();
}

int append(sd_bus_message *reply, const Person &person) {
  const AccountSummary &has = person.summary;
  Keys keys(reply);
  keys.text("user", has.account.name.str()).count("uid", has.account.uid);
  if (person.uid_now) keys.count("uid-now", *person.uid_now);
  if (person.unknown) keys.truth("unknown", true);
  return keys.count("active", has.active)
      .count("suspended", has.suspended)
      .count("revoked", has.revoked)
      .count("without-verification", has.without_verification)
      .count("recalled", person.recalled)
      .count("codes-left", has.codes_left)
      .time("last-used", has.last_used)
      .time("newest", has.newest)
      .truth("locked", has.locked)
      .done();
}

int append(sd_bus_message *reply, const PolicyLine &line) {
  return Keys(reply).text("key", line.key).text("value", line.value).text("source", line.source).done();
}

int append(sd_bus_message *reply, const Finding &finding) {
  Keys keys(reply);
  keys.text("check", finding.check).text("level", name_of(finding.level)).text("detail", finding.detail);
  for (const auto &[name, number] : finding.numbers) keys.put(name.c_str(), "t", number);
  return keys.done();
}

int append(sd_bus_message *reply, const AuditEntry &entry) {
  const AuditRecord &record = entry.record;
  Keys keys(reply);
  keys.put("number", "t", static_cast<std::uint64_t>(entry.seq))
      .time("time", record.time)
      .text("event", record.event)
      .text("outcome", record.outcome)
      .text("reason", record.reason)
      .text("user", record.user);
  if (record.uid) keys.count("uid", *record.uid);
  keys.text("service", record.service).text("way", record.way);
  if (!record.credential_id.empty()) keys.text("credential", short_id(record.credential_id));
  return keys.count("caller-uid", record.caller_uid)
      .count("caller-pid", static_cast<std::uint32_t>(record.caller_pid))
      .text("rhost", record.rhost)
      .text("hash", to_hex(entry.hash))
      .done();
}

int append(sd_bus_message *reply, const ImportChange &change) {
  Keys keys(reply);
  keys.text("what", name_of(change.what))
      .text("why", change.why)
      .text("user", change.user)
      .text("id", change.id.empty() ? std::string() : short_id(change.id))
      .text("name", change.name)
      .text("way", change.way ? name_of(*change.way) : std::string_view())
      .truth("works", change.works);
  if (change.uid) keys.count("uid", *change.uid);
  if (change.uid_was) keys.count("uid-was", *change.uid_was);
  return keys.done();
}

template <class T>
int append_all(sd_bus_message *reply, const std::vector<T> &rows) {
  int failed = sd_bus_message_open_container(reply, 'a', "a{sv}");
  for (const T &row : rows)
    if (failed >= 0) failed = append(reply, row);
  return failed >= 0 ? sd_bus_message_close_container(reply) : failed;
}

}  // namespace

int write(sd_bus_message *, const Ok &) {
  return 0;
}

int write(sd_bus_message *reply, std::uint32_t count) {
  return sd_bus_message_append(reply, "u", count);
}

int write(sd_bus_message *reply, const Standing &standing) {
  const bool locked = standing.lock.has_value();
  return Keys(reply)
      .truth("locked", locked)
      .truth("all-methods", locked && standing.lock->scope == LockScope::AllMethods)
      .text("reason", locked ? standing.lock->reason : std::string())
      .count("codes-left", static_cast<std::uint32_t>(standing.codes_left))
      .done();
}

int write(sd_bus_message *reply, const NewCodes &codes) {
  return sd_bus_message_append(reply, "hu", codes.text.get(), static_cast<std::uint32_t>(codes.count));
}

int write(sd_bus_message *reply, const std::vector<PolicyLine> &lines) {
  return append_all(reply, lines);
}

int write(sd_bus_message *reply, const std::vector<Finding> &findings) {
  return append_all(reply, findings);
}

int write(sd_bus_message *reply, const std::vector<Described> &credentials) {
  return append_all(reply, credentials);
}

int write(sd_bus_message *reply, const std::vector<GuestKey> &keys) {
  return append_all(reply, keys);
}

int write(sd_bus_message *reply, const std::vector<Person> &people) {
  return append_all(reply, people);
}

int write(sd_bus_message *reply, const DaemonState &state) {
  Keys keys(reply);
  keys.text("version", std::string_view(PASSKEYD_VERSION)).text("rp-id", state.rp_id);
  keys.text("config", state.config);
  if (state.attempts) keys.count("attempts", *state.attempts);
  if (state.metadata) {
    keys.put("metadata-number", "t", static_cast<std::uint64_t>(state.metadata->number));
    keys.text("metadata-next-update", state.metadata->next_update);
  }
  return keys.done();
}

int write(sd_bus_message *reply, const std::vector<AuditEntry> &records) {
  return append_all(reply, records);
}

int write(sd_bus_message *reply, const AuditChain &chain) {
  Keys keys(reply);
  keys.put("rows", "t", static_cast<std::uint64_t>(chain.rows))
      .put("first", "t", static_cast<std::uint64_t>(chain.pruned + 1))
      .put("pruned", "t", static_cast<std::uint64_t>(chain.pruned))
      .text("head", to_hex(chain.head));
  if (chain.first_bad) keys.put("first-bad", "t", static_cast<std::uint64_t>(*chain.first_bad));
  return keys.done();
}

int write(sd_bus_message *reply, const ExportFile &made) {
  return sd_bus_message_append(reply, "hs", made.file.get(), made.signer.c_str());
}

int write(sd_bus_message *reply, const std::vector<ImportChange> &changes) {
  return append_all(reply, changes);
}

int write(sd_bus_message *reply, const MetadataSummary &summary) {
  return Keys(reply)
      .put("number", "t", summary.number)
      .text("next-update", summary.next_update)
      .count("models", summary.models)
      .count("recalled", summary.recalled)
      .count("flagged", summary.flagged)
      .done();
}

}  // namespace passkeyd
