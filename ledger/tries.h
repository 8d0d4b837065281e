/// Counting tries: the parts that run inside somebody else's transaction.
#pragma once

#include "ledger/moment.h"
#include "ledger/sqlite.h"
#include "ledger/try.h"

namespace passkeyd::tries {

/// Adds the time that went by to the ledger's own clock and returns what it shows now. Error: InvalidInput
/// for a moment that names no boot.
Result<Age> look_at_clock(sql::Database &database, const Moment &now);

/// The try succeeded: it and the failures before it are no longer failures in a row, and it is no failure of
/// the day. Later tries that are still open stay counted, as does everything if the ticket is another key's.
Status succeeded(sql::Database &database, const Ticket &ticket, const TryKey &key);

}  // namespace passkeyd::tries
