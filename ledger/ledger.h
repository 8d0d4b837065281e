/// Ledger: what this machine remembers of passkeys. Who enrolled what, the counters, the backup codes, the
/// locks, the tries that failed, the audit, a few settings; in one SQLite file that only the daemon opens.
/// Every function that changes something is one transaction: after a crash it has happened whole, or not at
/// all. Where the disk is full or read-only it is StorageFull, and nothing has happened; revoking and locking
/// then use room that was kept for them (ledger/reserve.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/account.h"
#include "common/result.h"
#include "ledger/audit.h"
#include "ledger/audit_chain.h"
#include "ledger/codes.h"
#include "ledger/condition.h"
#include "ledger/decide.h"
#include "ledger/guest_keys.h"
#include "ledger/limit.h"
#include "ledger/lock.h"
#include "ledger/moment.h"
#include "ledger/reserve.h"
#include "ledger/sqlite.h"
#include "ledger/try.h"
#include "webauthn/credential.h"
#include "webauthn/metadata.h"
#include "webauthn/rp_id.h"
#include "webauthn/verify.h"

namespace passkeyd {

/// A stored credential that makes no sense, and why. It opens nothing, and hides none of the others.
struct BadRow {
  std::int64_t row = 0;
  std::string problem;  ///< for the log
};

struct Credentials {
  std::vector<Credential> rows;  ///< in the order they were enrolled
  std::vector<BadRow> problems;
};

/// How a credential came into the state it is in.
struct StateChange {
  std::string reason;
  uid_t by_uid = 0;
  std::string by;  ///< Actor::what
  WallTime when{};
};

/// Which audit records to read.
struct AuditQuery {
  static constexpr std::size_t kMost = 1000;
  std::optional<std::string> user = {};     ///< only about this account
  std::optional<uid_t> uid = {};            ///< only about accounts with this number
  std::optional<WallTime> since = {};       ///< not older
  std::optional<WallTime> until = {};       ///< not newer
  std::optional<std::int64_t> after = {};   ///< only those with a greater number: what is new
  std::optional<std::int64_t> before = {};  ///< only those with a smaller number: the page before
  std::size_t most = 100;                   ///< at most kMost: the newest of them, or with `after` the oldest
};

/// Credentials of everybody, by what a recall names. What is left out does not matter; without either, none
/// matches.
struct CredentialMatch {
  std::optional<Aaguid> model = {};
  std::optional<WallTime> enrolled_before = {};
};

/// What there is about one account, for who looks after people.
struct AccountSummary {
  Account account;  ///< as enrolled; an account whose uid changed has one for each. uid -1: it has but a lock
  std::uint32_t active = 0;
  std::uint32_t suspended = 0;
  std::uint32_t revoked = 0;
  std::uint32_t without_verification = 0;  ///< active, enrolled without user verification
  std::uint32_t codes_left = 0;
  std::optional<WallTime> last_used = {};  ///< of all its passkeys
  std::optional<WallTime> newest = {};     ///< the latest enrollment
  bool locked = false;
};

struct Holdings;      // ledger/holdings.h
struct Import;        // ledger/import.h
struct ImportChange;  // ledger/import.h
enum class ImportMode { DryRun, Change };

class Ledger {
 public:
  /// Most credentials one account may have that are not revoked.
  static constexpr std::int64_t kMaxCredentials = 64;
  /// Longest name and value of a setting, in bytes.
  static constexpr std::size_t kMaxSettingName = 64;
  static constexpr std::size_t kMaxSetting = 4096;

  /// Opens the ledger at `path` (absolute), or makes an empty one if there is none. Never replaces or repairs
  /// a file that is there. Errors name the file and what to do: Io (the directory is missing or not
  /// readable), NotConfigured (the directory is open to others), Corrupt (damaged, cut short, not a ledger,
  /// made by a newer passkeyd, a symbolic link, open to others, somebody else's), StorageFull.
  static Result<Ledger> open(const std::string &path, WallTime now);

  // --- settings (settings.cpp) ---

  /// nullopt: never set.
  Result<std::optional<std::string>> setting(std::string_view name);
  /// Errors: InvalidInput for a name or value that is too long.
  Status set_setting(std::string_view name, std::string_view value);
  /// The RP ID of this machine: `wanted` the first time, and whatever it was then for ever after. Credentials
  /// are bound to it, and a new host name must not orphan them.
  Result<RpId> fix_rp_id(const RpId &wanted);

  // --- credentials (credentials.cpp) ---

  /// Every credential of the account by that name, tombstones included. Whose uid no longer fits opens
  /// nothing; that is for the verifier and for decide() to see.
  Result<Credentials> credentials_of(const UserName &user);
  Result<Credentials> all_credentials();
  /// True if anybody ever enrolled it as an SSH key.
  Result<bool> knows_ssh_key(const PublicKey &key);
  /// nullopt: never enrolled here. Error: Corrupt for a row that makes no sense.
  Result<std::optional<Credential>> find(ByteView id);

  /// Enrolls: stores `credential` as active and created `now` (its row, state and times are not looked at)
  /// and returns it as stored. Errors: AlreadyExists (the id was enrolled before, by anybody, even if revoked
  /// since; or the account has a passkey of that name), InvalidInput (a field that could not be read back),
  /// NotAllowed (kMaxCredentials, or a thousand that were revoked).
  Result<Credential> add(const Credential &credential, const Actor &by, WallTime now);
  /// A platform credential's blob after its PIN was changed. Errors: NotFound, NotAllowed (not active, or not
  /// a platform credential), InvalidInput (size).
  Status replace_platform(std::int64_t row, ByteView blob, const Actor &by, WallTime now);
  /// `reason`: an administrator's words, or ours. Revoking also forgets the TPM's blob, and is for ever.
  /// Errors: NotFound, NotAllowed (it is revoked already), InvalidInput (reason is not printable or too
  /// long).
  Result<Credential> set_state(std::int64_t row, CredentialState state, std::string_view reason,
                               const Actor &by, WallTime now);
  /// Why, by whom and when it got the state it has. Error: NotFound.
  Result<StateChange> state_change_of(std::int64_t row);
  /// Revokes all that the account by that name has, at once. Returns how many.
  Result<std::int64_t> revoke_all(const UserName &user, std::string_view reason, const Actor &by,
                                  WallTime now);
  /// Everybody's that are not revoked and match. (recall.cpp)
  Result<Credentials> matching(const CredentialMatch &which);
  /// Revokes all of them at once and returns them as they are now. (recall.cpp)
  Result<std::vector<Credential>> revoke_matching(const CredentialMatch &which, std::string_view reason,
                                                  const Actor &by, WallTime now);
  /// Every account that has, or had, a passkey, codes or a lock, in the order of their names. (people.cpp)
  Result<std::vector<AccountSummary>> people();
  /// Errors: NotFound, NotAllowed (revoked), AlreadyExists, InvalidInput.
  Result<Credential> rename(std::int64_t row, std::string_view name, const Actor &by, WallTime now);

  // --- deciding (decide.cpp) ---

  /// Turns what the verifier found into a decision, against the credential as it is stored now. On Granted
  /// the counter, the time, the cleared tries and the audit record are on the disk. A refused attempt is on
  /// record too, and its ticket stays counted; a counter that went back suspends the credential. An Error
  /// means denied: nothing was committed, or nobody knows.
  Result<Decision> decide(const Attempt &attempt, const Verification &verification, const Moment &now);

  /// Decides about a session that sshd opens for somebody whom it has let in with this credential. On Granted
  /// the time of use is on the disk; what was decided is on record either way. Nothing is counted, and the
  /// counter stays: sshd does not tell it. An Error means denied.
  Result<Decision> decide_session(const Attempt &attempt, const Moment &now);

  // --- backup codes (codes.cpp) ---

  /// A new set: from now on these and no others; an empty one takes all codes away. Errors: InvalidInput (a
  /// number twice or out of range, something that can be no hash).
  Status replace_codes(const Account &owner, const std::vector<CodeHash> &codes, const Actor &by,
                       WallTime now);
  /// What the account can still use, by number. Codes of an earlier owner of the name (another uid) are
  /// nobody's. Error: Corrupt if there are some and none makes sense.
  Result<std::vector<CodeHash>> unspent_codes(const Account &owner);
  /// Decides about a typed code. `matched`: the stored code that it hashes to, as it was read before;
  /// nullopt: none. Granted only if exactly that one is still there and unspent, and the account is not
  /// locked; it is spent then. All else as decide().
  Result<CodeDecision> decide_code(const CodeAttempt &attempt, const std::optional<CodeHash> &matched,
                                   const Moment &now);

  // --- an administrator's lock (lock.cpp); decide() and decide_code() obey it ---

  /// nullopt: not locked.
  Result<std::optional<AccountLock>> lock_of(const UserName &user);
  /// Locks, or puts another lock in the place of the one there is. The name need not have anything enrolled.
  /// Errors: InvalidInput (reason).
  Status lock(const UserName &user, LockScope scope, std::string_view reason, const Actor &by, WallTime now);
  /// Errors: NotFound if it is not locked.
  Status unlock(const UserName &user, const Actor &by, WallTime now);

  // --- limits (tries.cpp) ---

  /// Asks for a try and counts it as failed before it is made, for a crash must not give it back. The ticket
  /// goes with the attempt into decide(), where success takes the try back; after a fault that is nobody's
  /// failure (device gone, TPM busy) undo_try() does. For PINs and backup codes; a bare touch needs no try.
  Result<TryAnswer> begin_try(const TryKey &key, const Moment &now, const LimitRule &rule = kPinTries);
  /// Takes back a try. Doing so twice, or after decide(), changes nothing more.
  Status undo_try(const Ticket &ticket);
  /// How long begin_try would make one wait; zero: it would give a ticket. Counts nothing.
  Result<std::chrono::seconds> wait_for_try(const TryKey &key, const Moment &now,
                                            const LimitRule &rule = kPinTries);
  /// An administrator lets `user` try again, everywhere.
  Status forget_tries(const UserName &user, const Actor &by, WallTime now);
  /// Remembers that time went by. Call it now and then and before the machine goes down: time between the
  /// last look and a restart is not counted towards waits.
  Status note_time(const Moment &now);

  // --- keys that this machine holds for accounts elsewhere (guest_keys.cpp) ---

  /// In the order they were made. Those of an earlier owner of the name (another uid) are nobody's.
  Result<std::vector<GuestKey>> guest_keys_of(const Account &owner);
  /// Stores it under a number of its own, created `now`. Errors: AlreadyExists, NotAllowed
  /// (GuestKey::kMaxOfOwner), InvalidInput.
  Status add_guest_key(const GuestKey &key, const Actor &by, WallTime now);
  /// It has signed for an account elsewhere: notes that, and takes the try back. Errors: NotFound if it was
  /// removed meanwhile; then the signature must go nowhere.
  Status use_guest_key(const GuestKey &key, const std::optional<Ticket> &ticket, const TryKey &tried,
                       const Actor &by, const Moment &now);
  /// Errors: NotFound.
  Status remove_guest_key(const GuestKey &key, const Actor &by, WallTime now);

  // --- audit (audit.cpp) ---

  /// Records what happens outside of the functions above, which record themselves.
  Status append(const AuditRecord &record);
  /// Error: only if the chain cannot be read at all.
  Result<AuditChain> verify_chain();
  /// The same a piece at a time: looks at `most` further rows; true once `walk.chain` says all.
  Result<bool> verify_more(ChainWalk &walk, std::int64_t most);
  /// Oldest first.
  Result<std::vector<AuditEntry>> audit(const AuditQuery &query);
  /// Most records that one call of prune_audit lets go, so that none takes long.
  static constexpr std::int64_t kPrunedAtOnce = 500;
  /// Lets go of records older than `before`, as far as they are a beginning of the chain, and records that;
  /// the rest stays verifiable. Returns how many; kPrunedAtOnce: call again. Error: Corrupt, if what is to go
  /// does not verify; then nothing goes. (audit_prune.cpp)
  Result<std::int64_t> prune_audit(WallTime before, const Actor &by, WallTime now);
  /// From now on `tell` is called with every record, once it is on the disk, in their order; those of another
  /// process come with the next of ours. It must not use the ledger. One at a time.
  Status watch_audit(std::function<void(const AuditEntry &)> tell);

  // --- models of authenticators (models.cpp) ---

  /// Takes `metadata` in place of what there was. Errors: NotAllowed if its number is smaller than that of
  /// the one in force; InvalidInput for what could not be read back.
  Status replace_models(const Metadata &metadata, const Actor &by, WallTime now);
  /// What is known of a model by its AAGUID or key identifier (20 bytes); nullopt: nothing.
  Result<std::optional<Model>> model_of(ByteView id);
  /// The number and date of the metadata in force; nullopt: none was ever imported.
  Result<std::optional<MetadataState>> metadata_state();

  // --- its own health (condition.cpp) ---

  /// Whether the file is whole and has its schema, as at open(). Reads all of it. Errors: Corrupt, Io.
  Status check();
  /// How much room there is on its disk. Errors: Io.
  Result<LedgerRoom> room();

  // --- moving elsewhere (holdings.cpp, import.cpp) ---

  /// All that another ledger may know, of one moment; of the audit only where it begins and ends.
  Result<Holdings> holdings();
  /// Merges what another ledger held into this one (ledger/import.h has the rules): all of it, or nothing.
  /// Returns what changes, or would change.
  Result<std::vector<ImportChange>> take_in(const Import &import, ImportMode mode, const Actor &by,
                                            WallTime now);

  /// Whether it could be closed now and opened again at once, on a disk that fills up meanwhile.
  [[nodiscard]] bool has_room() const { return reserve_.is_ample(); }

 private:
  static Result<Ledger> open_file(const std::string &path, WallTime now);
  explicit Ledger(sql::Database database)
      : database_(std::move(database)), reserve_(database_.path() + "-reserve") {}
  sql::Database database_;
  Reserve reserve_;
};

}  // namespace passkeyd
