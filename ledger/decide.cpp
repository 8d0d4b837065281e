/// The deciding transaction.
#include "ledger/decide.h"

#include "ledger/credential_row.h"
#include "ledger/ledger.h"
#include "ledger/tries.h"

namespace passkeyd {
namespace {

bool same_key(const Credential &a, const Credential &b) {
  return a.id == b.id && a.key == b.key && a.rp_id == b.rp_id && a.way == b.way &&
         a.user_handle == b.user_handle;
}

/// Two zeros are keys that do not count (synced ones); they are never compared. WebAuthn 6.1.1.
bool counter_grew(std::uint32_t stored, std::uint32_t now) {
  return (stored == 0 && now == 0) || now > stored;
}

/// nullopt: no such row, or one that makes no sense.
Result<std::optional<Credential>> reread(sql::Database &database, std::int64_t row) {
  sql::Statement rows = TRY(database.query(
      std::string("SELECT ") + credential_row::kColumns + " FROM credential WHERE row = ?", {row}));
  if (!TRY(rows.next())) return std::optional<Credential>();
  Result<Credential> read = credential_row::read(rows);
  if (!read) return std::optional<Credential>();
  return std::optional<Credential>(std::move(read).value());
}

AuditRecord record_of(const Attempt &attempt, const char *event, WallTime now) {
  AuditRecord record = AuditRecord::of(event, attempt.account.name, attempt.caller, now);
  record.uid = attempt.account.uid;
  record.way = std::string(name_of(attempt.credential.way));
  record.credential = attempt.credential.row;
  record.credential_id = attempt.credential.id;
  record.rhost = attempt.rhost;
  return record;
}

Status write_success(sql::Database &database, const Attempt &attempt, const Verification &verification,
                     const Moment &now) {
  const std::int64_t written = TRY(database.run(
      "UPDATE credential SET counter = ?, backed_up = ?, last_used = ? WHERE row = ? AND state = 'active'",
      {verification.counter, verification.backed_up, now.wall.time_since_epoch().count(),
       attempt.credential.row}));
  if (written != 1) return Error{ErrorKind::Internal, "the credential was not there to be updated"};
  if (attempt.ticket)
    TRY(tries::succeeded(database, *attempt.ticket,
                         {attempt.account.name, attempt.credential.way, attempt.place}));
  return Ok{};
}

Status suspend(sql::Database &database, const Attempt &attempt, const Moment &now) {
  TRY(database.run(
      "UPDATE credential SET state = 'suspended', reason = ?, changed_by_uid = ?, changed_by = ?, changed = ?"
      " WHERE row = ? AND state = 'active'",
      {kPossibleClone, attempt.caller.uid, attempt.caller.what, now.wall.time_since_epoch().count(),
       attempt.credential.row}));
  AuditRecord record = record_of(attempt, event::kSuspend, now.wall);
  record.outcome = outcome::kDone;
  record.reason = kPossibleClone;
  return audit::append(database, std::move(record));
}

/// What is wrong with the credential, whatever was signed.
Refusal unfit(const std::optional<Credential> &stored, const Attempt &attempt) {
  if (!stored || !same_key(*stored, attempt.credential)) return Refusal::CredentialWrong;
  if (stored->owner != attempt.account) return Refusal::UserWrong;
  if (stored->state != CredentialState::Active) return Refusal::CredentialInactive;
  return Refusal::None;
}

/// The record of how it was decided.
AuditRecord record_of(const Attempt &attempt, const Decision &decision, WallTime now) {
  AuditRecord record = record_of(attempt, event::kLogin, now);
  const bool granted = decision.verdict == Verdict::Granted;
  record.outcome = granted ? outcome::kGranted : outcome::kDenied;
  if (!granted) record.reason = std::string(name_of(decision.refusal));
  return record;
}

}  // namespace

Decision judge(const std::optional<Credential> &stored, const std::optional<AccountLock> &lock,
               const Attempt &attempt, const Verification &verification) {
  const auto denied = [](Refusal why) { return Decision{Verdict::Denied, why}; };
  const bool went_back =
      verification.verdict == Verdict::Denied && verification.refusal == Refusal::CounterWentBack;
  if (!went_back) {
    if (verification.verdict == Verdict::Denied && verification.refusal != Refusal::None)
      return denied(verification.refusal);
    if (verification.verdict != Verdict::Granted || verification.refusal != Refusal::None)
      return denied(Refusal::Malformed);  // a verification that contradicts itself
  }
  if (const Refusal why = unfit(stored, attempt); why != Refusal::None) return denied(why);
  if (went_back || !counter_grew(stored->counter, verification.counter))
    return denied(Refusal::CounterWentBack);
  if (lock) return denied(Refusal::AccountLocked);
  return {Verdict::Granted, Refusal::None};
}

Decision judge_session(const std::optional<Credential> &stored, const std::optional<AccountLock> &lock,
                       const Attempt &attempt) {
  const Refusal why = unfit(stored, attempt);
  if (why != Refusal::None) return {Verdict::Denied, why};
  if (lock) return {Verdict::Denied, Refusal::AccountLocked};
  return {Verdict::Granted, Refusal::None};
}

Result<Decision> Ledger::decide_session(const Attempt &attempt, const Moment &now) {
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  const std::optional<Credential> stored = TRY(reread(database_, attempt.credential.row));
  const std::optional<AccountLock> lock = TRY(locks::read(database_, attempt.account.name));
  const Decision decision = judge_session(stored, lock, attempt);
  TRY(audit::append(database_, record_of(attempt, decision, now.wall)));
  if (decision.verdict == Verdict::Granted) {
    Verification as_before;
    as_before.counter = stored->counter;
    as_before.backed_up = stored->backed_up;
    TRY(write_success(database_, attempt, as_before, now));
  }
  TRY(change.commit());
  return decision;
}

Result<Decision> Ledger::decide(const Attempt &attempt, const Verification &verification, const Moment &now) {
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  const std::optional<Credential> stored = TRY(reread(database_, attempt.credential.row));
  const std::optional<AccountLock> lock = TRY(locks::read(database_, attempt.account.name));
  const Decision decision = judge(stored, lock, attempt, verification);
  const bool granted = decision.verdict == Verdict::Granted;

  TRY(audit::append(database_, record_of(attempt, decision, now.wall)));
  if (granted) TRY(write_success(database_, attempt, verification, now));
  if (decision.refusal == Refusal::CounterWentBack && !attempt.overtaken)
    TRY(suspend(database_, attempt, now));
  TRY(tries::look_at_clock(database_, now));
  TRY(change.commit());
  return decision;  // after the commit, and only then
}

}  // namespace passkeyd
