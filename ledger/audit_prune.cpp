/// Letting go of the oldest records, and saying so in the chain.
#include "ledger/audit_chain.h"
#include "ledger/audit_row.h"
#include "ledger/ledger.h"

namespace passkeyd {
namespace {

/// How far the chain can be let go: to the last row, of `most` at once, before the first one that is younger.
/// Error: Corrupt where the chain does not hold: what shows that is not for us to remove.
Result<AuditBase> last_to_go(sql::Database &database, const AuditBase &base, WallTime before,
                             std::int64_t most) {
  AuditBase last = base;
  sql::Statement rows = TRY(database.query(
      std::string("SELECT ") + audit_row::kColumns + " FROM audit WHERE seq > ? ORDER BY seq LIMIT ?",
      {base.seq, most}));
  while (TRY(rows.next())) {
    const AuditEntry entry = audit_row::read(rows);
    if (entry.record.time >= before) break;
    const Sha256 hash = TRY(audit_row::hash_of(last.hash, last.seq + 1, entry.record));
    if (entry.seq != last.seq + 1 || entry.hash != hash)
      return Error{ErrorKind::Corrupt, database.path() + ": audit record " + std::to_string(last.seq + 1) +
                                           " was altered or is missing; the audit is kept as it is"};
    last = {entry.seq, entry.hash};
  }
  return last;
}

}  // namespace

Result<std::int64_t> Ledger::prune_audit(WallTime before, const Actor &by, WallTime now) {
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  const std::optional<AuditBase> base = TRY(audit_chain::read_base(database_));
  if (!base) return Error{ErrorKind::Corrupt, database_.path() + ": where the audit begins cannot be read"};
  const AuditBase last = TRY(last_to_go(database_, *base, before, kPrunedAtOnce));
  if (last == *base) return std::int64_t{0};
  // Recorded first: the audit is never empty, and its numbers go on.
  AuditRecord record = AuditRecord::of(event::kPrune, by, now);
  record.outcome = outcome::kDone;
  record.reason = audit_chain::reason_for_pruning(base->seq + 1, last);
  TRY(audit::append(database_, std::move(record)));
  TRY(database_.run("UPDATE audit_base SET seq = ?, hash = ? WHERE one = 1",
                    {last.seq, ByteView(last.hash)}));
  const std::int64_t gone = TRY(database_.run("DELETE FROM audit WHERE seq <= ?", {last.seq}));
  TRY(change.commit());
  return gone;
}

}  // namespace passkeyd
