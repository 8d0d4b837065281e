/// Writing an export's lines. The names of fields are the format: add at will, rename never.
#include "daemon/transfer/contents.h"

namespace passkeyd::transfer {

std::string line_of(const Machine &machine, const Holdings &held) {
  const AuditSpan &audit = held.audit;
  return Writer()
      .text("record", "machine")
      .text("rp_id", machine.rp_id.str())
      .text("machine", machine.name)
      .time("made", machine.made)
      .text("passkeyd", PASSKEYD_VERSION)
      .number("credentials", static_cast<std::int64_t>(held.credentials.size()))
      .number("locks", static_cast<std::int64_t>(held.locks.size()))
      .number("audit_first", audit.first)
      .number("audit_last", audit.last)
      .bytes("audit_before", audit.before)
      .bytes("audit_head", audit.head)
      .line();
}

std::string line_of(const HeldCredential &held) {
  const Credential &credential = held.credential;
  Writer line;
  line.text("record", "credential")
      .text("user", credential.owner.name.str())
      .number("uid", credential.owner.uid)
      .text("name", credential.name)
      .text("way", name_of(credential.way))
      .text("device", credential.device)
      .text("state", name_of(credential.state))
      .text("reason", held.change.reason)
      .number("changed_by_uid", held.change.by_uid)
      .text("changed_by", held.change.by)
      .time("changed", held.change.when)
      .time("created", credential.created);
  if (credential.last_used) line.time("last_used", *credential.last_used);
  return line.bytes("id", credential.id)
      .text("rp_id", credential.rp_id.str())
      .number("algorithm", static_cast<int>(credential.key.algorithm))
      .bytes("public_key", credential.key.cose)
      .number("counter", credential.counter)
      .truth("user_verification", credential.user_verification)
      .truth("sensor", credential.built_in_uv)
      .truth("backup_eligible", credential.backup_eligible)
      .truth("backed_up", credential.backed_up)
      .truth("discoverable", credential.discoverable)
      .bytes("user_handle", credential.user_handle)
      .number("max_allow_list", credential.max_allow_list)
      .text("aaguid", text_of(credential.aaguid))
      .text("attestation", name_of(credential.attestation))
      .text("attested_by", credential.attested_by)
      .bytes("certificates", credential.certificates)
      .line();
}

std::string line_of(const HeldLock &held) {
  return Writer()
      .text("record", "lock")
      .text("user", held.user.str())
      .text("scope", name_of(held.lock.scope))
      .text("reason", held.lock.reason)
      .number("locked_by_uid", held.lock.by_uid)
      .text("locked_by", held.lock.by)
      .time("locked", held.lock.when)
      .line();
}

std::string line_of(const AuditEntry &entry) {
  const AuditRecord &record = entry.record;
  Writer line;
  line.text("record", "audit")
      .number("seq", entry.seq)
      .time("time", record.time)
      .text("event", record.event)
      .text("user", record.user);
  if (record.uid) line.number("uid", *record.uid);
  line.text("service", record.service).text("way", record.way);
  if (record.credential) line.number("credential", *record.credential);
  return line.bytes("credential_id", record.credential_id)
      .text("outcome", record.outcome)
      .text("reason", record.reason)
      .number("caller_uid", record.caller_uid)
      .number("caller_pid", record.caller_pid)
      .text("rhost", record.rhost)
      .bytes("hash", entry.hash)
      .line();
}

}  // namespace passkeyd::transfer
