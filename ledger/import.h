/// Import: what another ledger held, merged into this one. plan_import() is the pure half and has the rules;
/// Ledger::take_in is the transaction around it. An import never opens what is closed here: what was revoked
/// stays revoked, a lock stays, a counter never goes back.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ledger/holdings.h"

namespace passkeyd {

struct Import {
  RpId rp_id;                               ///< of the ledger it comes from
  std::vector<HeldCredential> credentials;  ///< each id once
  std::vector<HeldLock> locks;
  std::map<std::string, Account> accounts;  ///< those of the names in it that the system knows now
  std::string source;                       ///< where it comes from, for the record; printable
};

/// One line of what an import does, for people.
struct ImportChange {
  enum class What { Skip, Add, Revoke, Lock, RpId };
  What what = What::Skip;
  std::string why;               ///< a stable word: why it is skipped, or does not work though it is added
  std::string user;              ///< whose; of What::RpId: empty
  Bytes id;                      ///< credential id; empty where it is about none
  std::string name;              ///< as it is called here afterwards; of What::RpId: the RP ID
  std::optional<Way> way;        ///< nullopt: it is about no credential
  bool works = false;            ///< opens the account here afterwards
  std::optional<uid_t> uid;      ///< whom the system says that it belongs to
  std::optional<uid_t> uid_was;  ///< the number it had there, if that is another
};

/// "skip", "add", "revoke", "lock", "rp-id".
std::string_view name_of(ImportChange::What what);

namespace import_why {
inline constexpr const char *kKnown = "known";      ///< it is here as it is there
inline constexpr const char *kRevoked = "revoked";  ///< it was revoked here, and stays so
inline constexpr const char *kDiffers = "differs";  ///< another key, or another account, has that id here
inline constexpr const char *kUnreadable = "unreadable";  ///< its row here makes no sense
inline constexpr const char *kTpm = "tpm";                ///< its key is in the other computer's TPM
inline constexpr const char *kNoAccount = "no-account";   ///< the system knows no such user
inline constexpr const char *kTooMany = "too-many";       ///< the account has Ledger::kMaxCredentials
inline constexpr const char *kRpId = "rp-id";             ///< bound to another relying party
inline constexpr const char *kSuspended = "suspended";    ///< added, and stays suspended
inline constexpr const char *kLocked = "locked";          ///< added, and the account is locked
}  // namespace import_why

// What is to be done to the ledger for a line.
struct AddRow {
  HeldCredential held;  ///< with the owner and the name it gets here
};
struct RevokeRow {
  Credential stored;
  std::string reason;
};
struct RaiseCounter {
  std::int64_t row;
  std::uint32_t counter;
};
struct PutLock {
  HeldLock held;
};
struct TakeRpId {
  RpId rp_id;
};
using ImportStep = std::variant<std::monostate, AddRow, RevokeRow, RaiseCounter, PutLock, TakeRpId>;

struct PlannedChange {
  ImportChange told;
  ImportStep step;
};

/// The rules. `here`: this ledger as it is; `rp_id`: its own.
std::vector<PlannedChange> plan_import(const Holdings &here, const RpId &rp_id, const Import &import);

}  // namespace passkeyd
