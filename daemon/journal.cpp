/// The kinds of records, their sentences, and sending.
#include "daemon/journal.h"

#define SD_JOURNAL_SUPPRESS_LOCATION  // where in our source it was said helps nobody who reads it
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>

#include "webauthn/credential.h"

namespace passkeyd {
namespace {

/// Where journald listens; see systemd-journald.service(8).
constexpr const char *kSocket = "/run/systemd/journal/socket";

constexpr MessageKind kKinds[] = {
    {event::kLogin, outcome::kGranted, "f3e5839d90074db1919fe883adc28d5c", LogLevel::Notice,
     "{login} for {service}: granted ({how})"},
    {event::kLogin, outcome::kDenied, "6b234298fa8b49ac970b9eb655c066fc", LogLevel::Notice,
     "{login} for {service}: denied ({reason})"},
    {event::kLogin, outcome::kFailed, "bd974cd0ab154207b45d33bffde811a4", LogLevel::Notice,
     "{login} for {service}: failed ({reason})"},
    {event::kEnroll, outcome::kDone, "1bb807fa69b64cb88bae3586075723a0", LogLevel::Notice,
     "enrolled a passkey ({way}) for {user}"},
    {event::kEnroll, "", "e9968838b0ed40d885a764ccc7960d59", LogLevel::Notice,
     "enrollment for {user}: {outcome} ({reason})"},
    {event::kRename, "", "7eb919c3ad2945419cb6382156a9ac2b", LogLevel::Info,
     "passkey {id} of {user} was renamed"},
    {event::kRevoke, "", "2e5f87e53e2448ff8426e239ac372479", LogLevel::Notice,
     "passkey {id} of {user} was revoked{why}"},
    {event::kSuspend, "", "31bd8532781c49c3ae6f7805da85d8ea", LogLevel::Warning,
     "passkey {id} of {user} was suspended{why}"},
    {event::kReactivate, "", "a121eefbaf0f4dbd9f8ebba1bd8980f8", LogLevel::Notice,
     "passkey {id} of {user} opens again{why}"},
    {event::kChangePin, outcome::kDone, "62b8e6ef2d0a443b8d8747d486559235", LogLevel::Notice,
     "the PIN of the TPM passkey of {user} was changed"},
    {event::kChangePin, "", "98593296e66b4236a9368986ddee3c02", LogLevel::Notice,
     "change of PIN for {user}: {outcome} ({reason})"},
    {event::kForgetTries, "", "c11ac8ed545046b49717435218e49579", LogLevel::Notice,
     "the failed tries of {user} were forgotten"},
    {event::kNewCodes, "", "b3c56eb7612041f19607d16193c02008", LogLevel::Notice,
     "new backup codes for {user}"},
    {event::kLock, "", "5515cbfafea540198a5a2aa5bfd3aa71", LogLevel::Notice, "{user} was locked{why}"},
    {event::kUnlock, "", "cbfc44b0f5434256928bac9689ede157", LogLevel::Notice, "{user} was unlocked"},
    {event::kPrune, "", "cb1df98f9bfc4337b905e2b5356f3445", LogLevel::Info,
     "audit records {range} were let go"},
    {event::kImportMetadata, "", "bb965ee8dde84904a6ff1797cf61c1a5", LogLevel::Notice,
     "FIDO Metadata was imported{why}"},
    {event::kExport, "", "3321918a5f7a4cb59402f4faab3e2082", LogLevel::Notice, "passkeys were exported{why}"},
    {event::kImport, "", "6a8a8d05a00e47c6bbff8994bbac51ea", LogLevel::Notice, "passkeys were imported{why}"},
    {event::kGuestEnroll, outcome::kDone, "0d51f5c3e1c84e0b91b7675d10d19d38", LogLevel::Notice,
     "{user} has a passkey for {reason} in the TPM"},
    {event::kGuestEnroll, "", "8ea4e48d04414a1583e10d04cec8dd4f", LogLevel::Notice,
     "a passkey of {user} for another machine: {outcome} ({reason})"},
    {event::kGuestUse, outcome::kGranted, "cd4ecb2824244fa797fc25a9940d6dfd", LogLevel::Notice,
     "{user} used the passkey for {reason} in the TPM"},
    {event::kGuestUse, "", "7f4f7c996a4c4e00be8cb2045e8b53d7", LogLevel::Notice,
     "use of a passkey of {user} for another machine: {outcome} ({reason})"},
    {event::kGuestRemove, "", "e5507678dd7649bba19f20e139275b57", LogLevel::Notice,
     "the passkey of {user} for {reason} was removed from the TPM"},
    {event::kRefused, "", "cc5f587f9e9e4e50b6c2931a45cd5221", LogLevel::Warning,
     "uid {uid} was refused {service}"},
};

/// For what has no row yet.
constexpr MessageKind kOther = {"", "", "", LogLevel::Notice, "{event} of {user}: {outcome}{why}"};

const MessageKind &kind_of(const AuditRecord &record) {
  const auto by = [&](std::string_view outcome) {
    return std::find_if(std::begin(kKinds), std::end(kKinds), [&](const MessageKind &kind) {
      return kind.event == record.event && kind.outcome == outcome;
    });
  };
  const MessageKind *found = by(record.outcome);
  if (found == std::end(kKinds)) found = by("");
  return found == std::end(kKinds) ? kOther : *found;
}

/// What a placeholder stands for.
std::string value_of(std::string_view name, const AuditRecord &record) {
  if (name == "event") return record.event;
  if (name == "user") return record.user.empty() ? "nobody known" : record.user;
  if (name == "service") return record.service;
  if (name == "way") return record.way;
  if (name == "outcome") return record.outcome;
  if (name == "reason") return record.reason;
  if (name == "uid") return std::to_string(record.caller_uid);
  if (name == "id") return record.credential_id.empty() ? "" : short_id(record.credential_id);
  if (name == "login") return record.user.empty() ? "login without a name" : "login of " + record.user;
  if (name == "how") return record.way == name_of(Way::Code) ? "backup code" : "none";
  if (name == "why") return record.reason.empty() ? "" : " (" + record.reason + ")";
  if (name == "range") return record.reason.substr(0, record.reason.find(' '));
  return "?";
}

bool journal_listens() {
  return access(kSocket, W_OK) == 0;
}

}  // namespace

std::span<const MessageKind> message_kinds() {
  return kKinds;
}

std::string sentence_of(const AuditRecord &record) {
  std::string sentence;
  for (std::string_view rest = kind_of(record).sentence; !rest.empty();) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    sentence += rest.substr(0, open);
    rest.remove_prefix(open);
    if (rest.empty()) break;
    const std::size_t close = rest.find('}');
    sentence += value_of(rest.substr(1, close - 1), record);
    rest.remove_prefix(close + 1);
  }
  return sentence;
}

std::vector<std::string> journal_fields(const AuditEntry &entry) {
  const AuditRecord &record = entry.record;
  const MessageKind &kind = kind_of(record);
  std::vector<std::string> fields;
  const auto add = [&](const char *name, std::string_view value) {
    if (!value.empty()) fields.push_back(std::string(name) + "=" + std::string(value));
  };
  add("MESSAGE", sentence_of(record));
  add("MESSAGE_ID", kind.id);
  add("PRIORITY", std::to_string(static_cast<int>(kind.level)));
  add("SYSLOG_IDENTIFIER", "passkeyd");
  add("PASSKEYD_EVENT", record.event);
  add("PASSKEYD_USER", record.user);
  add("PASSKEYD_UID", record.uid ? std::to_string(*record.uid) : "");
  add("PASSKEYD_SERVICE", record.service);
  add("PASSKEYD_WAY", record.way);
  add("PASSKEYD_CREDENTIAL", record.credential_id.empty() ? "" : short_id(record.credential_id));
  add("PASSKEYD_OUTCOME", record.outcome);
  add("PASSKEYD_REASON", record.reason);
  add("PASSKEYD_CALLER_UID", std::to_string(record.caller_uid));
  add("PASSKEYD_CALLER_PID", std::to_string(record.caller_pid));
  add("PASSKEYD_RHOST", record.rhost);
  add("PASSKEYD_SEQ", std::to_string(entry.seq));
  add("PASSKEYD_HASH", to_hex(entry.hash));
  return fields;
}

void tell_journal(const AuditEntry &entry) {
  // sd_journal_sendv says that all is well where nobody listens (sd_journal_sendv(3)).
  if (journal_listens()) {
    std::vector<std::string> fields = journal_fields(entry);
    std::vector<iovec> parts;
    for (std::string &field : fields) parts.push_back({field.data(), field.size()});
    if (sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) >= 0) return;
  }
  log_line(kind_of(entry.record).level, sentence_of(entry.record));
}

}  // namespace passkeyd
