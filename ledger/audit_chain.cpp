/// Walking along the chain.
#include "ledger/audit_chain.h"

#include <algorithm>
#include <charconv>

#include "ledger/audit_row.h"
#include "ledger/ledger.h"

namespace passkeyd {
namespace {

using audit_chain::base_of;

/// The base is no part of the chain, and whoever moves it hides what lies before: the newest record of a
/// pruning must name it.
std::optional<std::int64_t> where_base_is_wrong(const ChainWalk &walk) {
  if (walk.named == walk.base || (!walk.named && *walk.base == AuditBase{})) return std::nullopt;
  return walk.named ? std::min(walk.named->seq, walk.base->seq) + 1 : 1;
}

/// True once the rows have ended, or one is bad.
Result<bool> walk_rows(sql::Database &database, ChainWalk &walk, std::int64_t most) {
  AuditChain &chain = walk.chain;
  sql::Statement rows = TRY(database.query(
      std::string("SELECT ") + audit_row::kColumns + " FROM audit WHERE seq > ? ORDER BY seq LIMIT ?",
      {chain.rows == 0 ? 0 : chain.pruned + chain.rows, most}));
  for (std::int64_t looked_at = 0; TRY(rows.next()); ++looked_at) {
    const AuditEntry entry = audit_row::read(rows);
    const std::int64_t expected = chain.pruned + chain.rows + 1;
    const Sha256 hash = TRY(audit_row::hash_of(chain.head, expected, entry.record));
    if (entry.seq != expected || entry.hash != hash) {
      chain.first_bad = std::min(entry.seq, expected);  // smaller: the base says that it was let go
      return true;
    }
    if (entry.record.event == event::kPrune) walk.named = base_of(entry.record);
    chain.head = hash;
    ++chain.rows;
    if (looked_at + 1 == most) return false;
  }
  return true;
}

}  // namespace

std::string audit_chain::reason_for_pruning(std::int64_t first, const AuditBase &base) {
  return std::to_string(first) + "-" + std::to_string(base.seq) + " " + to_hex(base.hash);
}

std::optional<AuditBase> audit_chain::base_of(const AuditRecord &pruning) {
  const std::string &text = pruning.reason;
  const std::size_t dash = text.find('-');
  const std::size_t space = text.find(' ');
  if (dash == std::string::npos || space == std::string::npos || dash > space) return std::nullopt;
  AuditBase base;
  const char *end = text.data() + space;
  const auto [stopped, failed] = std::from_chars(text.data() + dash + 1, end, base.seq);
  const std::optional<Bytes> hash = from_hex(std::string_view(text).substr(space + 1));
  if (failed != std::errc() || stopped != end || base.seq < 1 || !hash || hash->size() != base.hash.size())
    return std::nullopt;
  std::copy(hash->begin(), hash->end(), base.hash.begin());
  return base;
}

Result<std::optional<AuditBase>> audit_chain::read_base(sql::Database &database) {
  sql::Statement rows = TRY(database.query("SELECT seq, hash FROM audit_base WHERE one = 1"));
  if (!TRY(rows.next())) return std::optional<AuditBase>();
  AuditBase base{.seq = rows.integer(0), .hash = {}};
  const Bytes hash = rows.bytes(1);
  if (base.seq < 0 || hash.size() != base.hash.size()) return std::optional<AuditBase>();
  std::copy(hash.begin(), hash.end(), base.hash.begin());
  return std::optional<AuditBase>(base);
}

Result<bool> audit_chain::walk(sql::Database &database, ChainWalk &walk, std::int64_t most) {
  const sql::Transaction one_moment = TRY(sql::Transaction::begin_reading(database));
  const std::optional<AuditBase> base = TRY(read_base(database));
  if (!walk.base || base != walk.base) {
    walk = ChainWalk{.base = base.value_or(AuditBase{})};
    walk.chain.pruned = walk.base->seq;
    walk.chain.head = walk.base->hash;
    if (!base) walk.chain.first_bad = 1;
  }
  if (walk.chain.first_bad) return true;
  if (!TRY(walk_rows(database, walk, most))) return false;
  if (walk.chain.first_bad) return true;
  walk.chain.first_bad = where_base_is_wrong(walk);
  // SQLite remembers the highest number it gave, so rows cut off at the end are missed too.
  const std::int64_t given =
      TRY(database.number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'audit'"));
  const std::int64_t last = walk.chain.pruned + walk.chain.rows;
  if (!walk.chain.first_bad && given != last) walk.chain.first_bad = last + 1;
  return true;
}

Result<bool> Ledger::verify_more(ChainWalk &walk, std::int64_t most) {
  return audit_chain::walk(database_, walk, most);
}

Result<AuditChain> Ledger::verify_chain() {
  ChainWalk walk;
  while (!TRY(verify_more(walk, 10'000))) {
  }
  return walk.chain;
}

}  // namespace passkeyd
