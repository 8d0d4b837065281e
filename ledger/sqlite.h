/// Database, Statement, Transaction: SQLite as values. The only file that knows SQLite's error codes. SQL
/// text is always a constant of ours; whatever comes from outside is bound.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "common/bytes.h"
#include "common/handle.h"
#include "common/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace passkeyd::sql {

/// Something to bind to a '?'. Borrows: text and bytes must live until the statement has them.
class Value {
 public:
  Value(std::nullopt_t) {}  // NOLINT: implicit on purpose
  template <std::integral T>
  Value(T number) : held_(static_cast<std::int64_t>(number)) {}      // NOLINT: implicit on purpose
  Value(std::string_view text) : held_(text) {}                      // NOLINT: implicit on purpose
  Value(const std::string &text) : held_(std::string_view(text)) {}  // NOLINT: implicit on purpose
  Value(const char *text) : held_(std::string_view(text)) {}         // NOLINT: implicit on purpose
  Value(ByteView bytes) : held_(bytes) {}                            // NOLINT: implicit on purpose
  Value(const Bytes &bytes) : held_(ByteView(bytes)) {}              // NOLINT: implicit on purpose
  template <class T>
  Value(const std::optional<T> &maybe) : Value(maybe ? Value(*maybe) : Value(std::nullopt)) {}  // NOLINT

  [[nodiscard]] const auto &held() const { return held_; }

 private:
  std::variant<std::monostate, std::int64_t, std::string_view, ByteView> held_;
};

using Values = std::initializer_list<Value>;

void finalize(sqlite3_stmt *statement);
void close_connection(sqlite3 *connection);

/// A prepared statement with its values bound. Must not outlive its Database.
class Statement {
 public:
  /// On to the next row: true if there is one. Not to be called again after false.
  Result<bool> next();

  /// Columns of the current row, from 0. Owned copies. A NULL reads as 0, "" or no bytes.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Bytes bytes(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  explicit Statement(Handle<sqlite3_stmt, finalize> statement) : statement_(std::move(statement)) {}
  Handle<sqlite3_stmt, finalize> statement_;
};

/// One connection. Used by one thread.
class Database {
 public:
  /// Opens an existing file for reading and writing; never creates one and follows no symbolic link.
  /// `path`: absolute. Touches nothing but a lock until the first statement runs.
  static Result<Database> open(const std::string &path);
  /// A new, empty database that lives in memory.
  static Result<Database> in_memory();

  /// Prepares and binds; step through it with Statement::next.
  Result<Statement> query(std::string_view sql, Values values = {});
  /// Runs one statement that gives no rows. Returns how many rows it changed.
  Result<std::int64_t> run(std::string_view sql, Values values = {});
  /// The first column of the one row that `sql` must give. Error: Corrupt if it gives none.
  Result<std::int64_t> number(std::string_view sql, Values values = {});
  /// Runs a script of constants (schema, pragmas).
  Status script(const char *sql);

  /// The first `size` bytes of the main file as they lie on the disk: no locks, no recovery, no log.
  /// Error: Corrupt if the file is shorter.
  Result<Bytes> file_head(std::size_t size);
  /// The whole database as the bytes of a file.
  Result<Bytes> serialize();
  /// When the last connection closes: copy the log into the main file (SQLite's habit), or leave both alone.
  enum class OnClose { LeaveAlone, Checkpoint };
  void on_close(OnClose what);
  /// `look` is called after every commit of a Transaction, once it is on the disk. It may read; it must not
  /// write. One at a time.
  void after_commit(std::function<void(Database &)> look) { after_commit_ = std::move(look); }

  [[nodiscard]] std::string path() const;
  [[nodiscard]] sqlite3 *raw() const { return connection_.get(); }

 private:
  explicit Database(Handle<sqlite3, close_connection> connection) : connection_(std::move(connection)) {}
  static Result<Database> connect(const std::string &path, int flags);
  friend class Transaction;
  Handle<sqlite3, close_connection> connection_;
  std::function<void(Database &)> after_commit_;
};

/// A transaction that is undone unless commit() succeeds.
class Transaction {
 public:
  /// For writing. Waits up to kBusyWait for another process. Errors: Io if it takes longer, StorageFull where
  /// nothing can be written.
  static Result<Transaction> begin(Database &database);
  /// For reading only: until it ends, everything that is read is of one moment. Needs no commit().
  static Result<Transaction> begin_reading(Database &database);
  /// Returns only when the change is on the disk. After an error nothing may be taken as done. Error:
  /// StorageFull (no room, or a file system that has become read-only), and then nothing was changed.
  Status commit();

  Transaction(Transaction &&other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction &operator=(Transaction &&) = delete;
  Transaction(const Transaction &) = delete;
  Transaction &operator=(const Transaction &) = delete;
  ~Transaction();

 private:
  explicit Transaction(Database &database) : database_(&database) {}
  Database *database_;  // borrowed; nullptr once there is nothing to undo
};

/// How long a statement waits for another process's lock, in milliseconds.
inline constexpr int kBusyWait = 2000;

}  // namespace passkeyd::sql
