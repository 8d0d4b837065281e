/// Credentials in the database: the parts that run inside somebody else's transaction.
#pragma once

#include <string>
#include <string_view>

#include "ledger/ledger.h"
#include "ledger/sqlite.h"

namespace passkeyd::credential_store {

/// "SELECT <columns> FROM credential <rest>".
std::string select(const char *rest);

/// All that `rows` (of a select()) has; those that make no sense are told apart.
Result<Credentials> read_all(sql::Statement rows);

/// The credential with that number. Errors: NotFound, Corrupt.
Result<Credential> by_row(sql::Database &database, std::int64_t row);

/// Writes down what happened to a credential.
Status record(sql::Database &database, const char *event, const Credential &about, std::string_view reason,
              const Actor &by, WallTime now);

/// Changes its state, and writes that down. Revoking also forgets the TPM's blob.
Status put_in_state(sql::Database &database, const Credential &credential, CredentialState state,
                    std::string_view reason, const Actor &by, WallTime now);

}  // namespace passkeyd::credential_store
