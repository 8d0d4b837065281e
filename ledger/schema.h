/// The schema: its versions, the steps between them, and whether a file has it. Tables are described in
/// schema.cpp.
#pragma once

#include <cstdint>
#include <span>

#include "ledger/sqlite.h"

namespace passkeyd::schema {

/// "pkd1" in the file header (PRAGMA application_id): how a ledger is told from other SQLite files.
inline constexpr std::uint32_t kApplicationId = 0x706b6431;

/// Step n (from 0) brings a database from version n to n + 1. A step that was released is never changed.
using Steps = std::span<const char *const>;
Steps steps();

/// Is this file a ledger at all? Reads the header alone: a file of somebody else's is not touched.
/// Errors: Corrupt, naming the file and what to do.
Status check_identity(sql::Database &database);

/// Is the file whole, of a version we know, and of exactly that version's schema (append-only triggers
/// included)? Errors: Corrupt, naming the file and what to do. Reads all of the file, at every start: with
/// 10,000 credentials and 100,000 audit rows (31 MB) that is 50 ms of computing, and as long as the disk
/// takes for 31 MB where they are not in memory any more.
Status check_health(sql::Database &database, Steps known);

/// Runs the steps that are missing, each in a transaction of its own: a crash leaves the version before or
/// the version after.
Status migrate(sql::Database &database, Steps known);

}  // namespace passkeyd::schema
