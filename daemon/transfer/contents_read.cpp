/// Reading an export's lines. Who signed them may be trusted and still have a damaged ledger.
#include <algorithm>

#include "daemon/transfer/contents.h"
#include "ledger/credential_row.h"
#include "webauthn/public_key.h"

namespace passkeyd::transfer {
namespace {

constexpr std::int64_t kMaxUid = UINT32_MAX - 1;

Error invalid(std::string what) {
  return {ErrorKind::InvalidInput, std::move(what)};
}

/// Parses a field by the rule of its type; nullopt if it breaks that rule, which `reader` then knows.
template <class T>
std::optional<T> parsed(Reader &reader, const char *name, Result<T> value) {
  if (value) return std::move(value).value();
  reader.refuse(name);
  return std::nullopt;
}
template <class T>
std::optional<T> known(Reader &reader, const char *name, std::optional<T> value) {
  if (!value) reader.refuse(name);
  return value;
}

std::optional<UserName> user_in(Reader &reader) {
  return parsed(reader, "user", UserName::parse(reader.text("user", UserName::kMaxBytes)));
}
std::optional<RpId> rp_id_in(Reader &reader) {
  return parsed(reader, "rp_id", RpId::from_stored(reader.text("rp_id", 253)));
}
uid_t uid_in(Reader &reader, const char *name) {
  return static_cast<uid_t>(reader.number(name, 0, kMaxUid));
}
std::uint32_t count_in(Reader &reader, const char *name) {
  return static_cast<std::uint32_t>(reader.number(name, 0, UINT32_MAX));
}
Sha256 hash_in(Reader &reader, const char *name) {
  Sha256 hash{};
  const Bytes bytes = reader.bytes(name, hash.size());
  if (bytes.size() == hash.size())
    std::copy(bytes.begin(), bytes.end(), hash.begin());
  else
    reader.refuse(name);
  return hash;
}

StateChange change_in(Reader &reader) {
  StateChange change;
  change.reason = reader.line("reason", audit::kMaxText);
  change.by_uid = uid_in(reader, "changed_by_uid");
  change.by = reader.line("changed_by", audit::kMaxText);
  change.when = reader.time("changed");
  return change;
}

Result<Credential> credential_in(Reader &reader) {
  std::optional<UserName> user = user_in(reader);
  std::optional<RpId> rp_id = rp_id_in(reader);
  const std::int64_t cose = reader.number("algorithm", INT32_MIN, INT32_MAX);
  const auto algorithm = known(reader, "algorithm", algorithm_of(static_cast<int>(cose)));
  const auto way = known(reader, "way", way_of(reader.text("way", 16)));
  const auto aaguid = known(reader, "aaguid", aaguid_of(reader.text("aaguid", 36)));
  const auto state = known(reader, "state", credential_state_of(reader.text("state", 16)));
  const auto attestation = known(reader, "attestation", attestation_of(reader.text("attestation", 16)));
  const uid_t uid = uid_in(reader, "uid");
  Bytes id = reader.bytes("id", credential_row::kMaxId);
  Bytes key = reader.bytes("public_key", credential_row::kMaxPublicKey);
  TRY(reader.done());
  Credential credential{.row = 0,
                        .id = std::move(id),
                        .key = {*algorithm, std::move(key)},
                        .rp_id = std::move(*rp_id),
                        .owner = {std::move(*user), uid},
                        .way = *way,
                        .aaguid = *aaguid};
  credential.name = reader.text("name", credential_row::kMaxName);
  credential.device = reader.text("device", credential_row::kMaxDevice);
  credential.user_verification = reader.truth("user_verification");
  credential.built_in_uv = reader.truth("sensor");
  credential.backup_eligible = reader.truth("backup_eligible");
  credential.backed_up = reader.truth("backed_up");
  credential.counter = count_in(reader, "counter");
  credential.max_allow_list = count_in(reader, "max_allow_list");
  credential.user_handle = reader.bytes("user_handle", kMaxUserHandle);
  credential.discoverable = reader.truth("discoverable");
  credential.attestation = *attestation;
  credential.attested_by = reader.text("attested_by", credential_row::kMaxAttestedBy);
  credential.certificates = reader.bytes("certificates", credential_row::kMaxCertificates);
  credential.state = *state;
  credential.created = reader.time("created");
  if (reader.has("last_used")) credential.last_used = reader.time("last_used");
  TRY(reader.done());
  return credential;
}

/// The rule for stored rows, and the verifier's own for keys.
Status judge(const Credential &credential) {
  if (std::optional<std::string> problem = credential_row::problem_with(credential))
    return invalid(std::move(*problem));
  const Result<VerifyKey> key = VerifyKey::from_cose(credential.key.cose);
  if (!key || key->algorithm() != credential.key.algorithm) return invalid("the public key is none");
  return Ok{};
}

}  // namespace

Result<HeldCredential> credential_of(const Record &record) {
  Reader reader(record);
  Credential credential = TRY(credential_in(reader));
  StateChange change = change_in(reader);
  TRY(reader.done());
  TRY(judge(credential));
  return HeldCredential{std::move(credential), std::move(change)};
}

Status ContentsReader::take(std::string_view line) {
  ++lines_;
  const Status taken = take_record(line);
  if (taken) return taken;
  return Error{taken.error().kind, "line " + std::to_string(lines_ + 1) + ": " + taken.error().sentence};
}

Status ContentsReader::take_record(std::string_view line) {
  const Record record = TRY(Record::parse(line));
  const std::string kind = Reader(record).text("record", kMaxLine);
  if (!machine_) return kind == "machine" ? take_machine(record) : Status(invalid("the machine is missing"));
  if (kind == "credential") return take_credential(record);
  if (kind == "lock") return take_lock(record);
  if (kind == "audit") return take_audit(record);
  return invalid("a record of a kind that does not belong here");
}

Status ContentsReader::take_machine(const Record &record) {
  Reader reader(record);
  std::optional<RpId> rp_id = parsed(reader, "rp_id", RpId::parse(reader.text("rp_id", 253)));
  std::string name = reader.line("machine", 255);
  const WallTime made = reader.time("made");
  credentials_ = reader.number("credentials", 0, kMostCredentials);
  locks_ = reader.number("locks", 0, kMostLocks);
  AuditSpan &audit = held_.audit;
  audit.first = reader.number("audit_first", 1, INT64_MAX - kMostAudit);
  audit.last = reader.number("audit_last", audit.first - 1, audit.first + kMostAudit - 1);
  audit.before = hash_in(reader, "audit_before");
  audit.head = hash_in(reader, "audit_head");
  TRY(reader.done());
  next_audit_ = audit.first;
  last_hash_ = audit.before;
  machine_ = Machine{std::move(*rp_id), std::move(name), made};
  return Ok{};
}

Status ContentsReader::take_credential(const Record &record) {
  if (static_cast<std::int64_t>(held_.credentials.size()) == credentials_)
    return invalid("more credentials than were announced");
  HeldCredential held = TRY(credential_of(record));
  if (!ids_.insert(held.credential.id).second) return invalid("a credential comes twice");
  held_.credentials.push_back(std::move(held));
  return Ok{};
}

Status ContentsReader::take_lock(const Record &record) {
  if (static_cast<std::int64_t>(held_.locks.size()) == locks_)
    return invalid("more locks than were announced");
  Reader reader(record);
  std::optional<UserName> user = user_in(reader);
  const auto scope = known(reader, "scope", lock_scope_of(reader.text("scope", 16)));
  AccountLock lock;
  lock.reason = reader.line("reason", audit::kMaxText);
  lock.by_uid = uid_in(reader, "locked_by_uid");
  lock.by = reader.line("locked_by", audit::kMaxText);
  lock.when = reader.time("locked");
  TRY(reader.done());
  lock.scope = *scope;
  if (!locked_.insert(user->str()).second) return invalid("a lock comes twice");
  held_.locks.push_back({std::move(*user), std::move(lock)});
  return Ok{};
}

/// The history stays in the file; here it only has to be one.
Status ContentsReader::take_audit(const Record &record) {
  Reader reader(record);
  const std::int64_t seq = reader.number("seq", 1, INT64_MAX);
  last_hash_ = hash_in(reader, "hash");
  TRY(reader.done());
  if (seq != next_audit_ || seq > held_.audit.last) return invalid("a record of the audit is out of order");
  ++next_audit_;
  return Ok{};
}

Result<ContentsReader::Read> ContentsReader::done() && {
  const bool whole = machine_ && static_cast<std::int64_t>(held_.credentials.size()) == credentials_ &&
                     static_cast<std::int64_t>(held_.locks.size()) == locks_ &&
                     next_audit_ == held_.audit.last + 1 && last_hash_ == held_.audit.head;
  if (!whole) return invalid("the file ends before all that was announced has come");
  return Read{std::move(*machine_), std::move(held_)};
}

}  // namespace passkeyd::transfer
