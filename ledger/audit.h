/// AuditRecord: what happened, for those who look later. Append-only; every row carries the SHA-256 of the
/// row before it and itself, so that a change in the middle shows. Whoever can write the file can also
/// compute new hashes: the journal gets each record with its hash, to see through that. Never holds a secret.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/account.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/result.h"
#include "ledger/sqlite.h"
#include "webauthn/challenge.h"

namespace passkeyd {

/// Events and outcomes, spelled once. Stored and shown: add at will, rename never.
namespace event {
inline constexpr const char *kLogin = "login";
inline constexpr const char *kEnroll = "enroll";
inline constexpr const char *kRename = "rename";
inline constexpr const char *kRevoke = "revoke";
inline constexpr const char *kSuspend = "suspend";
inline constexpr const char *kReactivate = "reactivate";
inline constexpr const char *kChangePin = "change-pin";
inline constexpr const char *kForgetTries = "forget-tries";
inline constexpr const char *kNewCodes = "new-codes";
inline constexpr const char *kLock = "lock";
inline constexpr const char *kUnlock = "unlock";
inline constexpr const char *kPrune = "prune";  ///< an old beginning of the audit was let go
inline constexpr const char *kImportMetadata = "import-metadata";
inline constexpr const char *kExport = "export";
inline constexpr const char *kImport = "import";
inline constexpr const char *kGuestEnroll = "guest-enroll";  ///< a key here for an account elsewhere
inline constexpr const char *kGuestUse = "guest-use";
inline constexpr const char *kGuestRemove = "guest-remove";
inline constexpr const char *kRefused = "refused";  ///< somebody asked for what they may not do
}  // namespace event
namespace outcome {
inline constexpr const char *kDenied = "denied";
inline constexpr const char *kGranted = "granted";
inline constexpr const char *kDone = "done";      ///< an administrative change
inline constexpr const char *kFailed = "failed";  ///< nobody was judged: a fault, or it was given up
}  // namespace outcome

/// Who acts: as the daemon proved it, not as anybody claims.
struct Actor {
  uid_t uid = 0;
  pid_t pid = 0;
  std::string what;  ///< the program or PAM service; shown and logged
};

struct AuditRecord {
  WallTime time{};
  std::string event;  ///< one of event::
  std::string user;   ///< whose account it is about; may be a name nobody has
  std::optional<uid_t> uid;
  std::string service;                     ///< PAM service or program
  std::string way;                         ///< name_of(Way); of a lock: name_of(LockScope); or empty
  std::optional<std::int64_t> credential;  ///< Credential::row
  Bytes credential_id;                     ///< as the authenticator named it
  std::string outcome;                     ///< one of outcome::
  std::string reason;  ///< name_of(Refusal), name_of(ErrorKind), or an administrator's words
  uid_t caller_uid = 0;
  pid_t caller_pid = 0;
  std::string rhost;  ///< where a remote caller says it comes from
  bool operator==(const AuditRecord &) const = default;

  /// A record of what `by` did about an account; all else is for whoever makes it to fill in.
  static AuditRecord of(const char *event, const UserName &user, const Actor &by, WallTime time);
  /// The same for what is about the machine and no account.
  static AuditRecord of(const char *event, const Actor &by, WallTime time);
};

/// A record in its place in the chain.
struct AuditEntry {
  std::int64_t seq = 0;  ///< from 1, without gaps
  AuditRecord record;
  Sha256 hash{};
};

/// What verifying found.
struct AuditChain {
  std::int64_t rows = 0;                       ///< rows that were looked at
  std::int64_t pruned = 0;                     ///< rows before them that were let go
  Sha256 head{};                               ///< hash of the last row; zeros when there is none
  std::optional<std::int64_t> first_bad = {};  ///< number of the first row that is altered or missing
};

namespace audit {

/// The longest text a record keeps, in bytes.
inline constexpr std::size_t kMaxText = 255;

/// Adds a record inside the caller's transaction. Texts may come from anywhere: they are cut to kMaxText and
/// what cannot be shown on one line becomes '?', for a record that is left out helps only who caused it.
Status append(sql::Database &database, AuditRecord record);

/// Can this be kept as an administrator's words, or as who acted? Errors: InvalidInput (too long, or not to
/// be shown on one line).
Status check_reason(std::string_view reason);
Status check_actor(const Actor &actor);

}  // namespace audit
}  // namespace passkeyd
