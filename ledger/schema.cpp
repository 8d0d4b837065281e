/// What the tables are, and how files come to have them.
#include "ledger/schema.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace passkeyd::schema {
namespace {

// Compared text by text with what a file has: once released, not even a comment in here may change.
//
// No CHECK constraints on what credential_row.cpp judges: the check at start would then refuse the whole
// ledger for one odd row, and one odd row must not lock out everybody else.
constexpr const char *kVersion1 = R"sql(
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
  row INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: an attempt under way names it
  credential_id BLOB NOT NULL UNIQUE,
  algorithm INTEGER NOT NULL,             -- COSE
  public_key BLOB NOT NULL,               -- COSE_Key
  rp_id TEXT NOT NULL,
  user_name TEXT NOT NULL,
  uid INTEGER NOT NULL,
  way TEXT NOT NULL,
  aaguid BLOB NOT NULL,
  name TEXT NOT NULL,
  device TEXT NOT NULL,
  user_verification INTEGER NOT NULL,
  built_in_uv INTEGER NOT NULL,           -- by the key's own sensor
  backup_eligible INTEGER NOT NULL,
  backed_up INTEGER NOT NULL,
  counter INTEGER NOT NULL,
  max_allow_list INTEGER NOT NULL,
  platform BLOB NOT NULL,                 -- the TPM's wrapped key; empty for others and for tombstones
  state TEXT NOT NULL,
  reason TEXT NOT NULL,                   -- why it is in this state
  changed_by_uid INTEGER NOT NULL,        -- who put it there
  changed_by TEXT NOT NULL,
  created INTEGER NOT NULL,               -- seconds since 1970
  changed INTEGER NOT NULL,
  last_used INTEGER
) STRICT;
CREATE UNIQUE INDEX credential_name ON credential (user_name, uid, name) WHERE state <> 'revoked';
CREATE INDEX credential_user ON credential (user_name);
CREATE TRIGGER credential_stays BEFORE DELETE ON credential
BEGIN SELECT raise(ABORT, 'credentials are revoked, never deleted'); END;
CREATE TRIGGER credential_tombstone BEFORE UPDATE ON credential WHEN OLD.state = 'revoked'
BEGIN SELECT raise(ABORT, 'a revoked credential never changes'); END;
CREATE TRIGGER credential_identity
BEFORE UPDATE OF row, credential_id, algorithm, public_key, rp_id, user_name, uid, way ON credential
BEGIN SELECT raise(ABORT, 'what a credential is never changes'); END;

CREATE TABLE limits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,   -- the ticket; never given twice
  user_name TEXT NOT NULL,
  way TEXT NOT NULL,
  place TEXT NOT NULL,
  age INTEGER NOT NULL,                   -- when, by the ledger's own clock (table clock), nanoseconds
  in_a_row INTEGER NOT NULL               -- 1 until a success comes after it
) STRICT;
CREATE INDEX limits_key ON limits (user_name, way, place);

CREATE TABLE clock (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  boot_id TEXT NOT NULL,
  boot INTEGER NOT NULL,                  -- CLOCK_BOOTTIME when last looked, nanoseconds
  age INTEGER NOT NULL                    -- running time seen over all boots, nanoseconds
) STRICT;
INSERT INTO clock VALUES (1, '', 0, 0);

CREATE TABLE backup_code (
  user_name TEXT NOT NULL,
  uid INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hash TEXT NOT NULL,                     -- crypt(5), yescrypt
  created INTEGER NOT NULL,
  spent INTEGER,
  PRIMARY KEY (user_name, uid, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  event TEXT NOT NULL,
  user_name TEXT NOT NULL,
  uid INTEGER,
  service TEXT NOT NULL,
  way TEXT NOT NULL,
  credential INTEGER,
  credential_id BLOB NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  caller_uid INTEGER NOT NULL,
  caller_pid INTEGER NOT NULL,
  rhost TEXT NOT NULL,
  hash BLOB NOT NULL                      -- over the hash before and all of the above
) STRICT;
CREATE INDEX audit_user ON audit (user_name);
CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)
BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
)sql";

// ALTER TABLE writes the new columns into the table's own text; the model that files are compared with gets
// them in the same way.
constexpr const char *kVersion2 = R"sql(
ALTER TABLE credential ADD COLUMN user_handle BLOB NOT NULL DEFAULT x'';
ALTER TABLE credential ADD COLUMN discoverable INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER credential_identity;
CREATE TRIGGER credential_identity
BEFORE UPDATE OF row, credential_id, algorithm, public_key, rp_id, user_name, uid, way, user_handle ON credential
BEGIN SELECT raise(ABORT, 'what a credential is never changes'); END;

CREATE TABLE account_lock (
  user_name TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  reason TEXT NOT NULL,
  locked_by_uid INTEGER NOT NULL,
  locked_by TEXT NOT NULL,
  locked INTEGER NOT NULL                 -- seconds since 1970
) STRICT, WITHOUT ROWID;
)sql";

// What is pruned is a beginning of the audit; audit_base remembers where the rest begins.
constexpr const char *kVersion3 = R"sql(
ALTER TABLE credential ADD COLUMN attestation TEXT NOT NULL DEFAULT 'unknown';
ALTER TABLE credential ADD COLUMN attested_by TEXT NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN certificates BLOB NOT NULL DEFAULT x'';
CREATE INDEX credential_model ON credential (aaguid);

CREATE TABLE model (
  id BLOB PRIMARY KEY,                    -- an AAGUID, or the key identifier of an attestation certificate (U2F)
  description TEXT NOT NULL,
  status TEXT NOT NULL,                   -- the status report that counts
  recalled INTEGER NOT NULL,
  roots BLOB NOT NULL                     -- DER certificates, one after the other
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_base (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL,                   -- the last row that was pruned; 0: none
  hash BLOB NOT NULL                      -- its hash
) STRICT;
INSERT INTO audit_base VALUES (1, 0, x'0000000000000000000000000000000000000000000000000000000000000000');
CREATE INDEX audit_time ON audit (time);
CREATE INDEX audit_uid ON audit (uid);
DROP TRIGGER audit_no_delete;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
WHEN OLD.seq > (SELECT seq FROM audit_base)
BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
)sql";

// A guest key opens nothing here, so it is no credential: no table of credentials that a sign-in reads has
// it.
constexpr const char *kVersion4 = R"sql(
CREATE TABLE guest_key (
  row INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: an attempt under way names it
  credential_id BLOB NOT NULL UNIQUE,
  algorithm INTEGER NOT NULL,             -- COSE
  public_key BLOB NOT NULL,               -- COSE_Key
  rp_id TEXT NOT NULL,                    -- of the machine it opens
  account TEXT NOT NULL,                  -- whom it opens there
  user_name TEXT NOT NULL,                -- whose it is here
  uid INTEGER NOT NULL,
  platform BLOB NOT NULL,                 -- the TPM's wrapped key
  created INTEGER NOT NULL,               -- seconds since 1970
  last_used INTEGER
) STRICT;
CREATE INDEX guest_key_owner ON guest_key (user_name, uid);
)sql";

constexpr std::array kSteps = {kVersion1, kVersion2, kVersion3, kVersion4};

/// Where these numbers lie: SQLite's "Database File Format", section 1.3.
constexpr std::size_t kHeaderBytes = 100;
constexpr std::size_t kApplicationIdAt = 68;
constexpr std::string_view kMagic{"SQLite format 3\0", 16};

Error corrupt(const sql::Database &database, const std::string &what) {
  return {ErrorKind::Corrupt, database.path() + " " + what};
}

/// "ok", or what is wrong with the file's pages and rows.
Result<std::string> quick_check(sql::Database &database) {
  sql::Statement rows = TRY(database.query("PRAGMA quick_check(1)"));
  if (!TRY(rows.next())) return std::string("no answer");
  return rows.text(0);
}

/// Every object of the schema as its text; SQLite's own tables are left out.
Result<std::vector<std::string>> description(sql::Database &database) {
  sql::Statement rows =
      TRY(database.query("SELECT coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' "
                         "ESCAPE '\\' ORDER BY name"));
  std::vector<std::string> lines;
  while (TRY(rows.next())) lines.push_back(rows.text(0));
  return lines;
}

}  // namespace

Steps steps() {
  return kSteps;
}

Status check_identity(sql::Database &database) {
  Result<Bytes> head = database.file_head(kHeaderBytes);
  if (!head && head.error().kind != ErrorKind::Corrupt) return head.error();
  constexpr const char *kRestore = "restore it from a backup, or move it away to start with an empty ledger";
  if (!head) return corrupt(database, std::string("is cut short: ") + kRestore);
  if (!std::equal(kMagic.begin(), kMagic.end(), head->begin()))
    return corrupt(database, std::string("is damaged, or no SQLite database: ") + kRestore);
  std::uint32_t id = 0;
  for (std::size_t at = 0; at < 4; ++at) id = id << 8 | head.value()[kApplicationIdAt + at];
  if (id != kApplicationId)
    return corrupt(database, "is a database, but not passkeyd's: move it away, or name another file");
  return Ok{};
}

Status check_health(sql::Database &database, Steps known) {
  constexpr const char *kRestore =
      ": restore it from a backup, or save what can be read with sqlite3's .recover";
  // Or the version could be from before another process migrated, and the tables from after.
  const sql::Transaction one_moment = TRY(sql::Transaction::begin_reading(database));
  const Result<std::string> found_damage = quick_check(database);
  if (!found_damage && found_damage.error().kind == ErrorKind::Io) return found_damage.error();
  const std::string damage = found_damage ? found_damage.value() : found_damage.error().sentence;
  if (damage != "ok") return corrupt(database, "is damaged (" + damage + ")" + kRestore);

  const std::int64_t version = TRY(database.number("PRAGMA user_version"));
  const auto newest = static_cast<std::int64_t>(known.size());
  if (version > newest)
    return corrupt(database, "was made by a newer passkeyd (version " + std::to_string(version) +
                                 ", this one knows " + std::to_string(newest) + "): upgrade passkeyd");
  if (version < 1) return corrupt(database, std::string("holds no version") + kRestore);

  sql::Database model = TRY(sql::Database::in_memory());
  TRY(migrate(model, known.first(static_cast<std::size_t>(version))));
  const std::vector<std::string> wanted = TRY(description(model));
  const std::vector<std::string> found = TRY(description(database));
  if (found != wanted) return corrupt(database, std::string("has tables or triggers altered") + kRestore);
  return Ok{};
}

Status migrate(sql::Database &database, Steps known) {
  const auto newest = static_cast<std::int64_t>(known.size());
  while (TRY(database.number("PRAGMA user_version")) < newest) {
    sql::Transaction change = TRY(sql::Transaction::begin(database));
    // Read again: before this transaction another process may have taken the step.
    const std::int64_t version = TRY(database.number("PRAGMA user_version"));
    if (version >= newest) break;
    TRY(database.script(known[static_cast<std::size_t>(version)]));
    const std::string set = "PRAGMA user_version = " + std::to_string(version + 1);  // takes no '?'
    TRY(database.script(set.c_str()));
    TRY(change.commit());
  }
  return Ok{};
}

}  // namespace passkeyd::schema
