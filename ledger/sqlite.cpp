/// SQLite as values: the connection's safety switches, binding, and errors by kind.
#include "ledger/sqlite.h"

#include <sqlite3.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace passkeyd::sql {
namespace {

/// Longest text or blob that may pass, in bytes: far above all we store, far below what hurts.
constexpr int kMaxValue = 1 << 20;

/// The system's words for: no room, or not to be written to.
bool is_full(int number) {
  return number == ENOSPC || number == EDQUOT || number == EROFS;
}

/// `number`: the errno behind it, where there is one.
ErrorKind kind_of(int code, int number) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return ErrorKind::Corrupt;
    case SQLITE_FULL:
      return ErrorKind::StorageFull;
    case SQLITE_READONLY:
      return code == SQLITE_READONLY_DBMOVED ? ErrorKind::Io : ErrorKind::StorageFull;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return is_full(number) ? ErrorKind::StorageFull : ErrorKind::Io;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return ErrorKind::Io;
    case SQLITE_CONSTRAINT:
      return ErrorKind::NotAllowed;
    default:
      return ErrorKind::Internal;
  }
}

std::string path_of(sqlite3 *connection) {
  const char *name = sqlite3_db_filename(connection, "main");
  return name != nullptr && *name != '\0' ? name : "(memory)";
}

Error error_of(sqlite3 *connection, int code) {
  std::string sentence = path_of(connection) + ": " + sqlite3_errmsg(connection);
  const int number = sqlite3_system_errno(connection);
  const ErrorKind kind = kind_of(code, number);
  if ((code & 0xff) != SQLITE_FULL && (kind == ErrorKind::Io || kind == ErrorKind::StorageFull) &&
      number != 0) {
    std::array<char, 128> buffer{};
    sentence += std::string(" (") + strerror_r(number, buffer.data(), buffer.size()) + ")";
  }
  return {kind, std::move(sentence)};
}

/// Binds one value. Copies: the statement may outlive what was lent.
int bind(sqlite3_stmt *statement, int at, const Value &value) {
  if (const auto *number = std::get_if<std::int64_t>(&value.held()))
    return sqlite3_bind_int64(statement, at, *number);
  // A null pointer would bind NULL where an empty text or blob is meant.
  if (const auto *text = std::get_if<std::string_view>(&value.held()))
    return sqlite3_bind_text64(statement, at, text->empty() ? "" : text->data(), text->size(),
                               SQLITE_TRANSIENT, SQLITE_UTF8);
  if (const auto *bytes = std::get_if<ByteView>(&value.held()))
    return bytes->empty()
               ? sqlite3_bind_zeroblob(statement, at, 0)
               : sqlite3_bind_blob64(statement, at, bytes->data(), bytes->size(), SQLITE_TRANSIENT);
  return sqlite3_bind_null(statement, at);
}

/// What every connection gets before its first statement: nothing in a file is trusted to run code.
bool harden(sqlite3 *connection) {
  constexpr std::pair<int, int> kSwitches[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_ENABLE_FKEY, 1}, {SQLITE_DBCONFIG_ENABLE_TRIGGER, 1},
      {SQLITE_DBCONFIG_ENABLE_VIEW, 0}, {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
      {SQLITE_DBCONFIG_DQS_DML, 0},     {SQLITE_DBCONFIG_DQS_DDL, 0},
  };
  for (const auto &[name, wanted] : kSwitches) {
    int got = !wanted;
    if (sqlite3_db_config(connection, name, wanted, &got) != SQLITE_OK || got != wanted) return false;
  }
  sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, kMaxValue);
  sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0);
  return sqlite3_busy_timeout(connection, kBusyWait) == SQLITE_OK;
}

}  // namespace

void finalize(sqlite3_stmt *statement) {
  sqlite3_finalize(statement);
}

void close_connection(sqlite3 *connection) {
  sqlite3_close_v2(connection);
}

Result<bool> Statement::next() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return error_of(sqlite3_db_handle(statement_.get()), code);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

Bytes Statement::bytes(int column) const {
  const auto *data = static_cast<const std::uint8_t *>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? Bytes{} : Bytes(data, data + size);
}

std::string Statement::text(int column) const {
  const Bytes raw = bytes(column);
  return {raw.begin(), raw.end()};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Result<Database> Database::connect(const std::string &path, int flags) {
  sqlite3 *made = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &made, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Handle<sqlite3, close_connection> connection(made);  // SQLite gives one even when it fails
  if (!connection) return Error{ErrorKind::Internal, "SQLite is out of memory"};
  if (code != SQLITE_OK) {
    Error error = error_of(made, code);
    return Error{error.kind, "open " + path + ": " + error.sentence};
  }
  if (!harden(made)) return Error{ErrorKind::Internal, "SQLite refuses its safety switches"};
  return Database(std::move(connection));
}

Result<Database> Database::open(const std::string &path) {
  return connect(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW);
}

Result<Database> Database::in_memory() {
  return connect(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);
}

Result<Statement> Database::query(std::string_view sql, Values values) {
  sqlite3_stmt *made = nullptr;
  int code = sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &made, nullptr);
  Statement statement{Handle<sqlite3_stmt, finalize>(made)};
  int at = 0;
  for (const Value &value : values)
    if (code == SQLITE_OK) code = bind(made, ++at, value);
  if (code != SQLITE_OK) return error_of(connection_.get(), code);
  if (at != sqlite3_bind_parameter_count(made))
    return Error{ErrorKind::Internal, "a statement did not get all its values"};
  return statement;
}

Result<std::int64_t> Database::run(std::string_view sql, Values values) {
  Statement statement = TRY(query(sql, values));
  if (TRY(statement.next())) return Error{ErrorKind::Internal, "a statement gave rows that nobody reads"};
  return sqlite3_changes64(connection_.get());
}

Result<std::int64_t> Database::number(std::string_view sql, Values values) {
  Statement statement = TRY(query(sql, values));
  if (!TRY(statement.next())) return Error{ErrorKind::Corrupt, path() + ": a row is missing"};
  return statement.integer(0);
}

Status Database::script(const char *sql) {
  const int code = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error_of(connection_.get(), code);
  return Ok{};
}

Result<Bytes> Database::file_head(std::size_t size) {
  sqlite3_file *file = nullptr;
  if (sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr)
    return Error{ErrorKind::Internal, "SQLite does not say which file it has open"};
  Bytes head(size);
  const int code = file->pMethods->xRead(file, head.data(), static_cast<int>(size), 0);
  if (code == SQLITE_IOERR_SHORT_READ) return Error{ErrorKind::Corrupt, path() + ": the file is cut short"};
  if (code != SQLITE_OK) return Error{ErrorKind::Io, path() + ": cannot be read"};
  return head;
}

Result<Bytes> Database::serialize() {
  sqlite3_int64 size = 0;
  unsigned char *data = sqlite3_serialize(connection_.get(), "main", &size, 0);
  if (data == nullptr) return Error{ErrorKind::Internal, "SQLite is out of memory"};
  Bytes image(data, data + size);
  sqlite3_free(data);
  return image;
}

void Database::on_close(OnClose what) {
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, what == OnClose::LeaveAlone ? 1 : 0,
                    nullptr);
}

std::string Database::path() const {
  return path_of(connection_.get());
}

Result<Transaction> Transaction::begin(Database &database) {
  TRY(database.script("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Result<Transaction> Transaction::begin_reading(Database &database) {
  TRY(database.script("BEGIN"));
  return Transaction(database);
}

Status Transaction::commit() {
  const int code = sqlite3_exec(database_->raw(), "COMMIT", nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error_of(database_->raw(), code);  // the destructor undoes
  Database &done = *std::exchange(database_, nullptr);
  try {
    if (done.after_commit_) done.after_commit_(done);
  } catch (...) {
    // It is on the disk: whoever fails to look changes nothing about that.
  }
  return Ok{};
}

Transaction::~Transaction() {
  // Some errors have rolled back already; then there is nothing left to undo.
  if (database_ != nullptr && sqlite3_get_autocommit(database_->raw()) == 0)
    sqlite3_exec(database_->raw(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace passkeyd::sql
