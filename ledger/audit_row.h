/// Audit records as rows: which columns, in what order, and the hash that chains each to the one before.
#pragma once

#include "ledger/audit.h"
#include "ledger/sqlite.h"

namespace passkeyd::audit_row {

/// What read() expects to be selected: "SELECT <kColumns> FROM audit".
extern const char *const kColumns;

/// The record of the current row. One that was not written by us may read as something else, and then does
/// not have the hash it should.
AuditEntry read(const sql::Statement &row);

/// What the row's hash must be after a row whose hash is `before`. Error: Internal.
Result<Sha256> hash_of(const Sha256 &before, std::int64_t seq, const AuditRecord &record);

}  // namespace passkeyd::audit_row
