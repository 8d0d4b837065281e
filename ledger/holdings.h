/// Holdings: what one ledger can tell another: credentials with how they came into their state, tombstones,
/// locks, and where the audit begins and ends. Nothing that opens anything by itself: no codes, no tries.
#pragma once

#include <string>
#include <vector>

#include "ledger/ledger.h"

namespace passkeyd {

struct HeldCredential {
  Credential credential;  ///< of another ledger: without the TPM's blob
  StateChange change;
};

struct HeldLock {
  UserName user;
  AccountLock lock;
};

/// The stretch of the audit that is kept.
struct AuditSpan {
  std::int64_t first = 1;  ///< number of the oldest record
  std::int64_t last = 0;   ///< of the newest; smaller than `first`: there is none
  Sha256 before{};         ///< hash of the record before the first; zeros if there never was one
  Sha256 head{};           ///< hash of the newest, or `before` if there is none
};

struct Holdings {
  std::vector<HeldCredential> credentials;  ///< in the order they were enrolled
  std::vector<HeldLock> locks;              ///< by name
  std::vector<Bytes> unreadable;            ///< ids of rows that make no sense
  AuditSpan audit;
};

namespace holdings {

/// Reads them inside the caller's transaction.
Result<Holdings> read(sql::Database &database);

}  // namespace holdings
}  // namespace passkeyd
