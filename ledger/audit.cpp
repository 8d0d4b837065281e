/// The audit: append, and read.
#include "ledger/audit.h"

#include <algorithm>

#include "ledger/audit_row.h"
#include "ledger/ledger.h"

namespace passkeyd {
namespace {

/// At most kMaxText bytes that can be shown on one line.
std::string presentable(std::string text) {
  if (text.size() > audit::kMaxText) {
    std::size_t end = audit::kMaxText;
    while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xc0) == 0x80) --end;  // not inside a character
    text.resize(end);
  }
  if (!is_printable(text))
    for (char &c : text)
      if (c < ' ' || c > '~') c = '?';
  return text;
}

/// `condition` where it is asked for. Elsewhere a text that is always true and names the same parameter, so
/// that one list of values fits every query and SQLite sees nothing that keeps it from an index.
std::string where(bool asked, const char *condition, const char *parameter) {
  return asked ? std::string(condition) : std::string(parameter) + " IS NULL";
}

}  // namespace

AuditRecord AuditRecord::of(const char *event, const UserName &user, const Actor &by, WallTime time) {
  AuditRecord record = of(event, by, time);
  record.user = user.str();
  return record;
}

AuditRecord AuditRecord::of(const char *event, const Actor &by, WallTime time) {
  AuditRecord record;
  record.time = time;
  record.event = event;
  record.service = by.what;
  record.caller_uid = by.uid;
  record.caller_pid = by.pid;
  return record;
}

Status audit::append(sql::Database &database, AuditRecord record) {
  for (std::string *text : {&record.event, &record.user, &record.service, &record.way, &record.outcome,
                            &record.reason, &record.rhost})
    *text = presentable(std::move(*text));
  AuditEntry last;
  {
    sql::Statement rows = TRY(database.query(std::string("SELECT ") + audit_row::kColumns +
                                             " FROM audit ORDER BY seq DESC LIMIT 1"));
    if (TRY(rows.next())) last = audit_row::read(rows);
  }
  const std::int64_t seq = last.seq + 1;
  const Sha256 hash = TRY(audit_row::hash_of(last.hash, seq, record));
  TRY(database.run("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   {seq, record.time.time_since_epoch().count(), record.event, record.user, record.uid,
                    record.service, record.way, record.credential, record.credential_id, record.outcome,
                    record.reason, record.caller_uid, record.caller_pid, record.rhost, ByteView(hash)}));
  return Ok{};
}

Status audit::check_reason(std::string_view reason) {
  if (reason.size() > kMaxText || !is_printable(reason))
    return Error{ErrorKind::InvalidInput, "the reason is too long or cannot be shown on one line"};
  return Ok{};
}

Status audit::check_actor(const Actor &actor) {
  if (actor.what.size() > kMaxText || !is_printable(actor.what))
    return Error{ErrorKind::InvalidInput, "the actor is too long or cannot be shown on one line"};
  return Ok{};
}

Status Ledger::append(const AuditRecord &record) {
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  TRY(audit::append(database_, record));
  return change.commit();
}

Result<std::vector<AuditEntry>> Ledger::audit(const AuditQuery &query) {
  const auto seconds = [](const std::optional<WallTime> &time) {
    return time ? std::optional<std::int64_t>(time->time_since_epoch().count()) : std::nullopt;
  };
  const auto most = static_cast<std::int64_t>(std::min(query.most, AuditQuery::kMost));
  const bool forwards = query.after.has_value();
  const std::string text = std::string("SELECT ") + audit_row::kColumns + " FROM audit WHERE " +
                           where(query.user.has_value(), "user_name = ?1", "?1") + " AND " +
                           where(query.uid.has_value(), "uid = ?2", "?2") + " AND " +
                           where(query.since.has_value(), "time >= ?3", "?3") + " AND " +
                           where(query.until.has_value(), "time <= ?4", "?4") + " AND " +
                           where(query.after.has_value(), "seq > ?5", "?5") + " AND " +
                           where(query.before.has_value(), "seq < ?6", "?6") + " ORDER BY seq " +
                           (forwards ? "ASC" : "DESC") + " LIMIT ?7";
  sql::Statement rows = TRY(database_.query(text, {query.user, query.uid, seconds(query.since),
                                                   seconds(query.until), query.after, query.before, most}));
  std::vector<AuditEntry> entries;
  while (TRY(rows.next())) entries.push_back(audit_row::read(rows));
  if (!forwards) std::reverse(entries.begin(), entries.end());
  return entries;
}

/// What is new is read back rather than handed on, so that a transaction which is undone tells nothing, and
/// records of another process are told as well.
Status Ledger::watch_audit(std::function<void(const AuditEntry &)> tell) {
  std::int64_t told =
      TRY(database_.number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'audit'"));
  const std::string text =
      std::string("SELECT ") + audit_row::kColumns + " FROM audit WHERE seq > ? ORDER BY seq";
  database_.after_commit([tell = std::move(tell), text, told](sql::Database &database) mutable {
    Result<sql::Statement> rows = database.query(text, {told});
    std::vector<AuditEntry> news;
    while (rows) {  // what cannot be read now is told after the next commit
      const Result<bool> more = rows->next();
      if (!more || !more.value()) break;
      news.push_back(audit_row::read(rows.value()));
    }
    for (const AuditEntry &entry : news) {
      told = entry.seq;
      tell(entry);
    }
  });
  return Ok{};
}

}  // namespace passkeyd
