/// Reading all that one ledger can tell another.
#include "ledger/holdings.h"

#include "ledger/credential_row.h"

namespace passkeyd {
namespace {

/// Behind the columns of credential_row: how it came into its state.
constexpr const char *kChange = "reason, changed_by_uid, changed_by, changed";

Status read_credentials(sql::Database &database, Holdings &held) {
  sql::Statement rows = TRY(database.query(std::string("SELECT ") + credential_row::kColumns + ", " +
                                           kChange + " FROM credential ORDER BY row"));
  constexpr int kFirst = credential_row::kColumnCount;
  while (TRY(rows.next())) {
    Result<Credential> credential = credential_row::read(rows);
    if (!credential) {
      held.unreadable.push_back(rows.bytes(credential_row::kIdColumn));
      continue;
    }
    StateChange change{rows.text(kFirst), static_cast<uid_t>(rows.integer(kFirst + 1)), rows.text(kFirst + 2),
                       WallTime(std::chrono::seconds(rows.integer(kFirst + 3)))};
    held.credentials.push_back({std::move(credential).value(), std::move(change)});
  }
  return Ok{};
}

Status read_locks(sql::Database &database, Holdings &held) {
  sql::Statement rows = TRY(database.query("SELECT user_name FROM account_lock ORDER BY user_name"));
  while (TRY(rows.next())) {
    Result<UserName> user = UserName::parse(rows.text(0));
    if (!user) continue;  // locks nobody
    std::optional<AccountLock> lock = TRY(locks::read(database, user.value()));
    if (lock) held.locks.push_back({std::move(user).value(), std::move(*lock)});
  }
  return Ok{};
}

/// A hash of another size was not written by us; zeros will not verify.
Sha256 hash_in(const sql::Statement &row, int column) {
  Sha256 hash{};
  const Bytes bytes = row.bytes(column);
  if (bytes.size() == hash.size()) std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

Result<AuditSpan> read_span(sql::Database &database) {
  AuditSpan span;
  sql::Statement base = TRY(database.query("SELECT seq, hash FROM audit_base"));
  if (TRY(base.next())) {
    span.first = base.integer(0) + 1;
    span.before = hash_in(base, 1);
  }
  span.last = span.first - 1;
  span.head = span.before;
  sql::Statement newest = TRY(database.query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"));
  if (TRY(newest.next())) {
    span.last = newest.integer(0);
    span.head = hash_in(newest, 1);
  }
  return span;
}

}  // namespace

Result<Holdings> holdings::read(sql::Database &database) {
  Holdings held;
  TRY(read_credentials(database, held));
  TRY(read_locks(database, held));
  held.audit = TRY(read_span(database));
  return held;
}

Result<Holdings> Ledger::holdings() {
  const sql::Transaction one_moment = TRY(sql::Transaction::begin_reading(database_));
  return holdings::read(database_);
}

}  // namespace passkeyd
