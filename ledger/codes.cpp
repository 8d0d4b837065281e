/// Backup codes: a set is replaced whole, and a code is spent in the transaction that says yes to it.
#include "ledger/codes.h"

#include <set>
#include <utility>

#include "ledger/ledger.h"
#include "ledger/tries.h"

namespace passkeyd {
namespace {

/// One rule for what is stored and what is read back.
bool makes_sense(const CodeHash &code) {
  return code.number >= 1 && code.number <= BackupCode::kCount && !code.hash.empty() &&
         code.hash.size() <= kMaxCodeHash && is_printable(code.hash);
}

Status check_set(const std::vector<CodeHash> &codes) {
  std::set<int> numbers;
  for (const CodeHash &code : codes) {
    if (!makes_sense(code)) return Error{ErrorKind::InvalidInput, "not the number and hash of a backup code"};
    if (!numbers.insert(code.number).second)
      return Error{ErrorKind::InvalidInput, "backup code " + std::to_string(code.number) + " comes twice"};
  }
  return Ok{};
}

struct Unspent {
  std::vector<CodeHash> codes;
  bool damaged = false;  ///< there are rows that make no sense
};

/// A row that makes no sense is no code; it hides none of the others.
Result<Unspent> unspent(sql::Database &database, const Account &owner) {
  sql::Statement rows = TRY(
      database.query("SELECT number, hash FROM backup_code WHERE user_name = ? AND uid = ? AND spent IS NULL"
                     " AND number BETWEEN 1 AND ? ORDER BY number",
                     {owner.name.str(), owner.uid, BackupCode::kCount}));
  Unspent found;
  while (TRY(rows.next())) {
    CodeHash code{static_cast<int>(rows.integer(0)), rows.text(1)};
    if (makes_sense(code))
      found.codes.push_back(std::move(code));
    else
      found.damaged = true;
  }
  return found;
}

/// True if this very code was there to be spent.
Result<bool> spend(sql::Database &database, const Account &owner, const CodeHash &code, WallTime now) {
  const std::int64_t spent = TRY(database.run(
      "UPDATE backup_code SET spent = ? WHERE user_name = ? AND uid = ? AND number = ? AND hash = ?"
      " AND spent IS NULL",
      {now.time_since_epoch().count(), owner.name.str(), owner.uid, code.number, code.hash}));
  return spent == 1;
}

/// Which code it was is left out: the record is for those who look later, not for those who guess.
AuditRecord record_of(const char *event, const Account &account, const Actor &by, WallTime now) {
  AuditRecord record = AuditRecord::of(event, account.name, by, now);
  record.uid = account.uid;
  record.way = std::string(name_of(Way::Code));
  return record;
}

}  // namespace

Status Ledger::replace_codes(const Account &owner, const std::vector<CodeHash> &codes, const Actor &by,
                             WallTime now) {
  TRY(check_set(codes));
  if (owner.uid == static_cast<uid_t>(-1)) return Error{ErrorKind::InvalidInput, "the uid is none"};
  TRY(audit::check_actor(by));
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  // Those of an earlier owner of the name go as well: they open nothing, and nobody else clears them away.
  TRY(database_.run("DELETE FROM backup_code WHERE user_name = ?", {owner.name.str()}));
  for (const CodeHash &code : codes)
    TRY(database_.run(
        "INSERT INTO backup_code VALUES (?, ?, ?, ?, ?, ?)",
        {owner.name.str(), owner.uid, code.number, code.hash, now.time_since_epoch().count(), std::nullopt}));
  AuditRecord record = record_of(event::kNewCodes, owner, by, now);
  record.outcome = outcome::kDone;
  TRY(audit::append(database_, std::move(record)));
  return change.commit();
}

Result<std::vector<CodeHash>> Ledger::unspent_codes(const Account &owner) {
  Unspent found = TRY(unspent(database_, owner));
  if (found.codes.empty() && found.damaged)
    return Error{ErrorKind::Corrupt, "no backup code of the account can be read"};
  return std::move(found.codes);
}

Result<CodeDecision> Ledger::decide_code(const CodeAttempt &attempt, const std::optional<CodeHash> &matched,
                                         const Moment &now) {
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  CodeDecision decision;
  // The lock comes first: whoever guesses at a locked account does not learn whether it was a code.
  if (TRY(locks::read(database_, attempt.account.name)))
    decision.refusal = Refusal::AccountLocked;
  else if (matched && makes_sense(*matched) && TRY(spend(database_, attempt.account, *matched, now.wall)))
    decision = {.verdict = Verdict::Granted, .refusal = Refusal::None};
  const bool granted = decision.verdict == Verdict::Granted;
  if (granted && attempt.ticket)
    TRY(tries::succeeded(database_, *attempt.ticket, {attempt.account.name, Way::Code, attempt.place}));
  decision.left = TRY(unspent(database_, attempt.account)).codes.size();

  AuditRecord record = record_of(event::kLogin, attempt.account, attempt.caller, now.wall);
  record.outcome = granted ? outcome::kGranted : outcome::kDenied;
  if (!granted) record.reason = std::string(name_of(decision.refusal));
  record.rhost = attempt.rhost;
  TRY(audit::append(database_, std::move(record)));
  TRY(tries::look_at_clock(database_, now));
  TRY(change.commit());
  return decision;  // after the commit, and only then
}

}  // namespace passkeyd
