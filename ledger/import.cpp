/// The importing transaction.
#include "ledger/import.h"

#include "ledger/credential_row.h"

namespace passkeyd {
namespace {

constexpr const char *kRevokedElsewhere = "revoked elsewhere";
constexpr const char *kImported = "imported";

AuditRecord record_of(const char *event, const Account &owner, const Actor &by, WallTime now) {
  AuditRecord record = AuditRecord::of(event, owner.name, by, now);
  record.uid = owner.uid;
  record.outcome = outcome::kDone;
  return record;
}

Status note(sql::Database &database, const char *event, const Credential &about, std::string reason,
            const Actor &by, WallTime now) {
  AuditRecord record = record_of(event, about.owner, by, now);
  record.way = std::string(name_of(about.way));
  record.credential = about.row;
  record.credential_id = about.id;
  record.reason = std::move(reason);
  return audit::append(database, std::move(record));
}

/// Carries out one step; chosen by its type, so that one without a line here does not compile.
struct Carrier {
  sql::Database &database;
  const Actor &by;
  WallTime now;

  Status operator()(const std::monostate &) const { return Ok{}; }

  Status operator()(const AddRow &step) const {
    Credential credential = step.held.credential;
    credential.row = TRY(credential_row::insert(database, credential, step.held.change));
    if (credential.state == CredentialState::Revoked)
      return note(database, event::kRevoke, credential, kRevokedElsewhere, by, now);
    return note(database, event::kEnroll, credential, kImported, by, now);
  }

  Status operator()(const RevokeRow &step) const {
    const std::string reason = step.reason.empty() ? kRevokedElsewhere : step.reason;
    TRY(database.run(
        "UPDATE credential SET state = 'revoked', reason = ?, changed_by_uid = ?, changed_by = ?,"
        " changed = ?, platform = x'' WHERE row = ?",
        {reason, by.uid, by.what, now.time_since_epoch().count(), step.stored.row}));
    return note(database, event::kRevoke, step.stored, reason, by, now);
  }

  Status operator()(const RaiseCounter &step) const {
    TRY(database.run("UPDATE credential SET counter = ? WHERE row = ?", {step.counter, step.row}));
    return Ok{};
  }

  Status operator()(const PutLock &step) const {
    const AccountLock &lock = step.held.lock;
    TRY(database.run("INSERT OR REPLACE INTO account_lock VALUES (?, ?, ?, ?, ?, ?)",
                     {step.held.user.str(), name_of(lock.scope), lock.reason, lock.by_uid, lock.by,
                      lock.when.time_since_epoch().count()}));
    AuditRecord record = AuditRecord::of(event::kLock, step.held.user, by, now);
    record.outcome = outcome::kDone;
    record.way = std::string(name_of(lock.scope));
    record.reason = lock.reason;
    return audit::append(database, std::move(record));
  }

  Status operator()(const TakeRpId &step) const {
    TRY(
        database.run("INSERT INTO setting VALUES ('rp-id', ?) ON CONFLICT (name) DO UPDATE SET value ="
                     " excluded.value",
                     {step.rp_id.str()}));
    return Ok{};
  }
};

Result<std::vector<PlannedChange>> plan(sql::Database &database, const std::optional<std::string> &rp_id,
                                        const Import &import) {
  if (!rp_id) return Error{ErrorKind::Internal, "the ledger has no RP ID yet"};
  const RpId own = TRY(RpId::parse(*rp_id));
  const Holdings here = TRY(holdings::read(database));
  return plan_import(here, own, import);
}

std::vector<ImportChange> told(std::vector<PlannedChange> planned) {
  std::vector<ImportChange> changes;
  changes.reserve(planned.size());
  for (PlannedChange &each : planned) changes.push_back(std::move(each.told));
  return changes;
}

}  // namespace

Result<std::vector<ImportChange>> Ledger::take_in(const Import &import, ImportMode mode, const Actor &by,
                                                  WallTime now) {
  TRY(audit::check_actor(by));
  const bool dry = mode == ImportMode::DryRun;
  sql::Transaction change = TRY(dry ? sql::Transaction::begin_reading(database_)  // works on a full disk, too
                                    : sql::Transaction::begin(database_));
  const std::optional<std::string> rp_id = TRY(setting("rp-id"));
  std::vector<PlannedChange> planned = TRY(plan(database_, rp_id, import));
  if (dry) return told(std::move(planned));

  AuditRecord record;
  record.time = now;
  record.event = event::kImport;
  record.service = by.what;
  record.outcome = outcome::kDone;
  record.reason = import.source;
  for (const PlannedChange &each : planned)
    if (const auto *step = std::get_if<TakeRpId>(&each.step)) record.reason += " rp-id " + step->rp_id.str();
  record.caller_uid = by.uid;
  record.caller_pid = by.pid;
  TRY(audit::append(database_, std::move(record)));
  const Carrier carrier{database_, by, now};
  for (const PlannedChange &each : planned) TRY(std::visit(carrier, each.step));
  TRY(change.commit());
  return told(std::move(planned));
}

}  // namespace passkeyd
