/// The chain of the audit's hashes: where it begins, and whether it holds.
#pragma once

#include <string>

#include "ledger/audit.h"
#include "ledger/sqlite.h"

namespace passkeyd {

/// Where what is kept begins: the last row that was let go, and its hash. Zeros: none was.
struct AuditBase {
  std::int64_t seq = 0;
  Sha256 hash{};
  bool operator==(const AuditBase &) const = default;
};

/// A walk along the chain, for who must not be kept long: it goes as far as it is told to, and on from there
/// the next time. Rows that are appended meanwhile are walked too; when some are pruned, it begins anew.
struct ChainWalk {
  AuditChain chain;                     ///< what was found up to here
  std::optional<AuditBase> base = {};   ///< where this walk began; nullopt: it has not
  std::optional<AuditBase> named = {};  ///< what the newest record of a pruning on the way says the base is
};

namespace audit_chain {

/// Looks at `most` further rows. True once all is known: the chain has ended, or is broken. Error: only if it
/// cannot be read at all.
Result<bool> walk(sql::Database &database, ChainWalk &walk, std::int64_t most);

/// The base as it is stored; nullopt: what is stored there cannot be one.
Result<std::optional<AuditBase>> read_base(sql::Database &database);

/// The reason that a record of a pruning gives: "FIRST-LAST HASH", which puts the base into the chain itself.
/// And back; nullopt for anything else.
std::string reason_for_pruning(std::int64_t first, const AuditBase &base);
std::optional<AuditBase> base_of(const AuditRecord &pruning);

}  // namespace audit_chain
}  // namespace passkeyd
