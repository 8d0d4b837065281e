/// The audit chain: append, verify, read.
#include "ledger/audit.h"

#include <openssl/evp.h>

#include <algorithm>

#include "common/handle.h"
#include "ledger/ledger.h"

namespace passkeyd {
namespace {

constexpr const char *kColumns =
    "seq, time, event, user_name, uid, service, way, credential, credential_id, outcome, reason, caller_uid,"
    " caller_pid, rhost, hash";

using Digest = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;

/// A hash over fields: each is a byte for its kind, its length in 8 bytes (big-endian) and its bytes, so no
/// two different rows give the same stream.
class FieldHash {
 public:
  FieldHash() : digest_(EVP_MD_CTX_new()) {
    good_ = digest_ && EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr) == 1;
  }
  FieldHash &text(std::string_view text) { return field('t', bytes_of(text)); }
  FieldHash &bytes(ByteView bytes) { return field('b', bytes); }
  FieldHash &number(std::int64_t number) {
    return field('i', big_endian(static_cast<std::uint64_t>(number)));
  }
  template <class T>
  FieldHash &number(const std::optional<T> &maybe) {
    return maybe ? number(static_cast<std::int64_t>(*maybe)) : field('n', {});
  }
  Result<Sha256> done() {
    Sha256 hash{};
    if (!good_ || EVP_DigestFinal_ex(digest_.get(), hash.data(), nullptr) != 1)
      return Error{ErrorKind::Internal, "SHA-256 failed"};
    return hash;
  }

 private:
  static std::array<std::uint8_t, 8> big_endian(std::uint64_t number) {
    std::array<std::uint8_t, 8> bytes{};
    for (std::size_t at = 8; at-- > 0; number >>= 8) bytes[at] = static_cast<std::uint8_t>(number & 0xff);
    return bytes;
  }
  void add(ByteView bytes) {
    good_ = good_ && EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size()) == 1;
  }
  FieldHash &field(char kind, ByteView bytes) {
    add(bytes_of({&kind, 1}));
    add(big_endian(bytes.size()));
    add(bytes);
    return *this;
  }
  Digest digest_;
  bool good_ = false;
};

Result<Sha256> hash_of(const Sha256 &before, std::int64_t seq, const AuditRecord &record) {
  return FieldHash()
      .text("passkeyd audit row 1")
      .bytes(before)
      .number(seq)
      .number(record.time.time_since_epoch().count())
      .text(record.event)
      .text(record.user)
      .number(record.uid)
      .text(record.service)
      .text(record.way)
      .number(record.credential)
      .bytes(record.credential_id)
      .text(record.outcome)
      .text(record.reason)
      .number(record.caller_uid)
      .number(record.caller_pid)
      .text(record.rhost)
      .done();
}

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

AuditEntry entry_of(const sql::Statement &row) {
  AuditEntry entry;
  AuditRecord &record = entry.record;
  entry.seq = row.integer(0);
  record.time = WallTime(std::chrono::seconds(row.integer(1)));
  record.event = row.text(2);
  record.user = row.text(3);
  if (!row.is_null(4)) record.uid = static_cast<uid_t>(row.integer(4));
  record.service = row.text(5);
  record.way = row.text(6);
  if (!row.is_null(7)) record.credential = row.integer(7);
  record.credential_id = row.bytes(8);
  record.outcome = row.text(9);
  record.reason = row.text(10);
  record.caller_uid = static_cast<uid_t>(row.integer(11));
  record.caller_pid = static_cast<pid_t>(row.integer(12));
  record.rhost = row.text(13);
  // A number that does not fit was not written by us; without a hash the row will not verify.
  const bool fits = (!record.uid || *record.uid == row.integer(4)) && record.caller_uid == row.integer(11) &&
                    record.caller_pid == row.integer(12);
  const Bytes hash = row.bytes(14);
  if (fits && hash.size() == entry.hash.size()) std::copy(hash.begin(), hash.end(), entry.hash.begin());
  return entry;
}

}  // namespace

AuditRecord AuditRecord::of(const char *event, const UserName &user, const Actor &by, WallTime time) {
  AuditRecord record;
  record.time = time;
  record.event = event;
  record.user = user.str();
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
    sql::Statement rows =
        TRY(database.query(std::string("SELECT ") + kColumns + " FROM audit ORDER BY seq DESC LIMIT 1"));
    if (TRY(rows.next())) last = entry_of(rows);
  }
  const std::int64_t seq = last.seq + 1;
  const Sha256 hash = TRY(hash_of(last.hash, seq, record));
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

Result<AuditChain> audit::verify_chain(sql::Database &database) {
  AuditChain chain;
  sql::Statement rows = TRY(database.query(std::string("SELECT ") + kColumns + " FROM audit ORDER BY seq"));
  while (TRY(rows.next())) {
    const AuditEntry entry = entry_of(rows);
    const std::int64_t expected = chain.rows + 1;
    const Sha256 hash = TRY(hash_of(chain.head, expected, entry.record));
    if (entry.seq != expected || entry.hash != hash) {
      chain.first_bad = expected;
      return chain;
    }
    chain.head = hash;
    chain.rows = expected;
  }
  // SQLite remembers the highest number it gave, so rows cut off at the end are missed too.
  const std::int64_t given =
      TRY(database.number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'audit'"));
  if (given != chain.rows) chain.first_bad = chain.rows + 1;
  return chain;
}

Status Ledger::append(const AuditRecord &record) {
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  TRY(audit::append(database_, record));
  return change.commit();
}

Result<AuditChain> Ledger::verify_chain() {
  return audit::verify_chain(database_);
}

Result<std::vector<AuditEntry>> Ledger::audit(const AuditQuery &query) {
  const auto most = static_cast<std::int64_t>(std::min(query.most, AuditQuery::kMost));
  sql::Statement rows =
      TRY(database_.query(std::string("SELECT ") + kColumns +
                              " FROM audit WHERE (?1 IS NULL OR user_name = ?1) AND (?2 IS NULL OR seq < ?2)"
                              " ORDER BY seq DESC LIMIT ?3",
                          {query.user, query.before, most}));
  std::vector<AuditEntry> entries;
  while (TRY(rows.next())) entries.push_back(entry_of(rows));
  return entries;
}

}  // namespace passkeyd
