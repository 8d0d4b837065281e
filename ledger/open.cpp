/// Opening the ledger: look at the file, make it if there is none, check it, bring it up to date.
#include <sys/statvfs.h>

#include "ledger/ledger.h"
#include "ledger/schema.h"
#include "ledger/state_file.h"

namespace passkeyd {
namespace {

/// An empty ledger as the bytes of its file.
Result<Bytes> empty_ledger(WallTime now) {
  sql::Database database = TRY(sql::Database::in_memory());
  const std::string mark = "PRAGMA application_id = " + std::to_string(schema::kApplicationId);
  TRY(database.script(mark.c_str()));
  TRY(schema::migrate(database, schema::steps()));
  const std::string created = std::to_string(now.time_since_epoch().count());
  TRY(database.run("INSERT INTO setting VALUES ('created', ?)", {created}));
  Bytes image = TRY(database.serialize());
  // Both version numbers of the header at 2 mean that a write-ahead log is used ("Database File Format",
  // section 1.3.3). Born that way, the file need not be switched, which two openers cannot do at once.
  if (image.size() < 100) return Error{ErrorKind::Internal, "SQLite made a database without a header"};
  image[18] = image[19] = 2;
  return image;
}

/// Every commit is on the disk before it counts; readers and a crash never meet half of one.
Status use_log(sql::Database &database) {
  sql::Statement rows = TRY(database.query("PRAGMA journal_mode = WAL"));
  if (!TRY(rows.next()) || rows.text(0) != "wal")
    return Error{ErrorKind::Io, database.path() + ": this file system allows no write-ahead log"};
  return Ok{};
}

/// SQLite does not say so itself: it looks for a log to read, and there is none.
bool is_read_only(const std::string &path) {
  struct statvfs about = {};
  return statvfs(path.c_str(), &about) == 0 && (about.f_flag & ST_RDONLY) != 0;
}

/// Nor this: without room for the log's index, SQLite cannot look at a file that is whole.
bool has_no_room(const std::string &path) {
  constexpr unsigned long kToOpen = 256UL * 1024;
  struct statvfs about = {};
  return statvfs(path.c_str(), &about) == 0 && about.f_bavail * about.f_frsize < kToOpen;
}

/// What SQLite said, by what it comes from. The ledger is neither broken nor damaged then.
Error told_by_its_disk(const Error &said, const std::string &path) {
  if (said.kind == ErrorKind::Io && is_read_only(path))
    return {ErrorKind::StorageFull, path + ": the file system is read-only (" + said.sentence + ")"};
  if ((said.kind == ErrorKind::Io || said.kind == ErrorKind::Corrupt) && has_no_room(path))
    return {ErrorKind::StorageFull, path + ": there is no room on the disk"};
  return said;
}

}  // namespace

Result<Ledger> Ledger::open(const std::string &path, WallTime now) {
  // Who starts on a full disk must be able to revoke and lock there, too.
  return despite_full_disk(Reserve(path + "-reserve"), [&]() -> Result<Ledger> {
    Result<Ledger> opened = open_file(path, now);
    if (!opened) return told_by_its_disk(opened.error(), path);
    return opened;
  });
}

Result<Ledger> Ledger::open_file(const std::string &path, WallTime now) {
  const StateFile file = TRY(examine_state_file(path));
  if (!file.exists) {
    const Bytes empty = TRY(empty_ledger(now));
    TRY(create_state_file(file, empty));
  }

  sql::Database database = TRY(sql::Database::open(file.path));
  database.on_close(sql::Database::OnClose::LeaveAlone);  // until we know that it is whole and ours
  TRY(schema::check_identity(database));
  TRY(schema::check_health(database, schema::steps()));

  // secure_delete: what was pruned or taken back is not in the file any more.
  TRY(
      database.script("PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; "
                      "PRAGMA secure_delete = ON;"));
  TRY(use_log(database));
  TRY(schema::migrate(database, schema::steps()));
  database.on_close(sql::Database::OnClose::Checkpoint);
  Ledger ledger(std::move(database));
  ledger.reserve_.keep();
  return ledger;
}

}  // namespace passkeyd
