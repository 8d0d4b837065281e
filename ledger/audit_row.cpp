/// Audit rows: reading them, and hashing them.
#include "ledger/audit_row.h"

#include <openssl/evp.h>

#include <algorithm>

namespace passkeyd::audit_row {
namespace {

/// A hash over fields: each is a byte for its kind, its length in 8 bytes (big-endian) and its bytes, so no
/// two different rows give the same stream.
class FieldHash {
 public:
  FieldHash() { stream_.reserve(512); }
  FieldHash &text(std::string_view text) { return field('t', bytes_of(text)); }
  FieldHash &bytes(ByteView bytes) { return field('b', bytes); }
  FieldHash &number(std::int64_t number) {
    return field('i', big_endian(static_cast<std::uint64_t>(number)));
  }
  template <class T>
  FieldHash &number(const std::optional<T> &maybe) {
    return maybe ? number(static_cast<std::int64_t>(*maybe)) : field('n', {});
  }
  [[nodiscard]] Result<Sha256> done() const {
    Sha256 hash{};
    if (EVP_Digest(stream_.data(), stream_.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1)
      return Error{ErrorKind::Internal, "SHA-256 failed"};
    return hash;
  }

 private:
  static std::array<std::uint8_t, 8> big_endian(std::uint64_t number) {
    std::array<std::uint8_t, 8> bytes{};
    for (std::size_t at = 8; at-- > 0; number >>= 8) bytes[at] = static_cast<std::uint8_t>(number & 0xff);
    return bytes;
  }
  FieldHash &field(char kind, ByteView bytes) {
    const auto length = big_endian(bytes.size());
    stream_.push_back(static_cast<std::uint8_t>(kind));
    stream_.insert(stream_.end(), length.begin(), length.end());
    stream_.insert(stream_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Bytes stream_;
};

}  // namespace

const char *const kColumns =
    "seq, time, event, user_name, uid, service, way, credential, credential_id, outcome, reason, caller_uid,"
    " caller_pid, rhost, hash";

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

AuditEntry read(const sql::Statement &row) {
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

}  // namespace passkeyd::audit_row
