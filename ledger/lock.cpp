/// An administrator's lock: set, changed, lifted, and read with suspicion.
#include "ledger/lock.h"

#include <utility>

#include "ledger/ledger.h"

namespace passkeyd {
namespace {

std::string if_printable(std::string text) {
  return is_printable(text) ? std::move(text) : std::string();
}

}  // namespace

std::string_view name_of(LockScope scope) {
  return scope == LockScope::Passkeys ? "passkeys" : "all";
}

std::optional<LockScope> lock_scope_of(std::string_view name) {
  if (name == "all") return LockScope::AllMethods;
  if (name == "passkeys") return LockScope::Passkeys;
  return std::nullopt;
}

Result<std::optional<AccountLock>> locks::read(sql::Database &database, const UserName &user) {
  sql::Statement rows = TRY(database.query(
      "SELECT scope, reason, locked_by_uid, locked_by, locked FROM account_lock WHERE user_name = ?",
      {user.str()}));
  if (!TRY(rows.next())) return std::optional<AccountLock>();
  return std::optional<AccountLock>({.scope = lock_scope_of(rows.text(0)).value_or(LockScope::AllMethods),
                                     .reason = if_printable(rows.text(1)),
                                     .by_uid = static_cast<uid_t>(rows.integer(2)),
                                     .by = if_printable(rows.text(3)),
                                     .when = WallTime(std::chrono::seconds(rows.integer(4)))});
}

Result<std::optional<AccountLock>> Ledger::lock_of(const UserName &user) {
  return locks::read(database_, user);
}

Status Ledger::lock(const UserName &user, LockScope scope, std::string_view reason, const Actor &by,
                    WallTime now) {
  TRY(audit::check_reason(reason));
  TRY(audit::check_actor(by));
  return despite_full_disk(reserve_, [&]() -> Status {
    sql::Transaction change = TRY(sql::Transaction::begin(database_));
    TRY(database_.run("INSERT OR REPLACE INTO account_lock VALUES (?, ?, ?, ?, ?, ?)",
                      {user.str(), name_of(scope), reason, by.uid, by.what, now.time_since_epoch().count()}));
    AuditRecord record = AuditRecord::of(event::kLock, user, by, now);
    record.outcome = outcome::kDone;
    record.way = std::string(name_of(scope));
    record.reason = std::string(reason);
    TRY(audit::append(database_, std::move(record)));
    return change.commit();
  });
}

Status Ledger::unlock(const UserName &user, const Actor &by, WallTime now) {
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  const std::int64_t lifted =
      TRY(database_.run("DELETE FROM account_lock WHERE user_name = ?", {user.str()}));
  if (lifted == 0) return Error{ErrorKind::NotFound, "the account is not locked"};
  AuditRecord record = AuditRecord::of(event::kUnlock, user, by, now);
  record.outcome = outcome::kDone;
  TRY(audit::append(database_, std::move(record)));
  return change.commit();
}

}  // namespace passkeyd
