/// The rules by which an import is merged.
#include <algorithm>
#include <set>

#include "ledger/credential_row.h"
#include "ledger/import.h"

namespace passkeyd {
namespace {

using What = ImportChange::What;

/// What is the credential's own and never changes, whoever it belongs to.
bool same_credential(const Credential &a, const Credential &b) {
  return a.key == b.key && a.rp_id == b.rp_id && a.way == b.way && a.user_handle == b.user_handle;
}

std::size_t cut_at(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  while (most > 0 && (static_cast<std::uint8_t>(text[most]) & 0xc0) == 0x80)
    --most;  // not inside a character
  return most;
}

/// What the ledger holds, as far as the rules ask, and what the plan has added to it so far.
class Books {
 public:
  Books(const Holdings &here, const Import &import) : import_(import) {
    for (const HeldCredential &held : here.credentials) {
      stored_.emplace(held.credential.id, &held.credential);
      if (held.credential.state != CredentialState::Revoked)
        note(held.credential.owner, held.credential.name);
    }
    for (const HeldLock &held : here.locks) locks_.emplace(held.user.str(), held.lock.scope);
    unreadable_.insert(here.unreadable.begin(), here.unreadable.end());
  }

  /// nullptr: there is none.
  [[nodiscard]] const Credential *stored(const Bytes &id) const {
    const auto found = stored_.find(id);
    return found == stored_.end() ? nullptr : found->second;
  }
  [[nodiscard]] bool is_unreadable(const Bytes &id) const { return unreadable_.contains(id); }
  /// nullptr: the system knows no such user.
  [[nodiscard]] const Account *account(const UserName &name) const {
    const auto found = import_.accounts.find(name.str());
    return found == import_.accounts.end() ? nullptr : &found->second;
  }
  [[nodiscard]] bool is_full(const UserName &user) const {
    const auto found = names_.find(user.str());
    return found != names_.end() && found->second.size() >= Ledger::kMaxCredentials;
  }
  [[nodiscard]] bool is_locked(const UserName &user) const { return locks_.contains(user.str()); }
  [[nodiscard]] std::optional<LockScope> lock(const UserName &user) const {
    const auto found = locks_.find(user.str());
    return found == locks_.end() ? std::nullopt : std::optional(found->second);
  }

  void note(const Account &owner, const std::string &name) {
    names_[owner.name.str()].emplace(owner.uid, name);
  }
  void note_lock(const UserName &user, LockScope scope) { locks_[user.str()] = scope; }

  /// `name`, or "name (2)" and so on, whatever `owner` has none of.
  [[nodiscard]] std::string free_name(const Account &owner, const std::string &name) const {
    const auto taken = names_.find(owner.name.str());
    const auto is_taken = [&](const std::string &tried) {
      return taken != names_.end() && taken->second.contains({owner.uid, tried});
    };
    std::string tried = name;
    for (int number = 2; is_taken(tried); ++number) {  // ends: there are no more than kMaxCredentials
      const std::string suffix = " (" + std::to_string(number) + ")";
      tried = name.substr(0, cut_at(name, credential_row::kMaxName - suffix.size())) + suffix;
    }
    return tried;
  }

 private:
  const Import &import_;
  std::map<Bytes, const Credential *> stored_;
  std::set<Bytes> unreadable_;
  std::map<std::string, std::set<std::pair<uid_t, std::string>>> names_;  ///< by user; not of tombstones
  std::map<std::string, LockScope> locks_;
};

PlannedChange skip(ImportChange told, const char *why) {
  told.why = why;
  return {std::move(told), {}};
}

/// Locks only ever grow: one is added, or an account that is locked here gets the wider one.
PlannedChange plan_lock(const HeldLock &held, Books &books) {
  ImportChange told{.user = held.user.str()};
  if (const Account *account = books.account(held.user)) told.uid = account->uid;
  const std::optional<LockScope> has = books.lock(held.user);
  if (has == held.lock.scope || has == LockScope::AllMethods)
    return skip(std::move(told), import_why::kKnown);
  books.note_lock(held.user, held.lock.scope);
  told.what = What::Lock;
  return {std::move(told), PutLock{held}};
}

PlannedChange plan_known(ImportChange told, const HeldCredential &held, const Credential &stored,
                         const Books &books) {
  told.name = stored.name;
  if (!same_credential(stored, held.credential)) return skip(std::move(told), import_why::kDiffers);
  const bool revoked_there = held.credential.state == CredentialState::Revoked;
  if (stored.state == CredentialState::Revoked)
    return skip(std::move(told), revoked_there ? import_why::kKnown : import_why::kRevoked);
  if (revoked_there) {
    told.what = What::Revoke;
    return {std::move(told), RevokeRow{stored, held.change.reason}};
  }
  const Account *account = books.account(held.credential.owner.name);
  if (stored.owner.name != (account != nullptr ? account->name : held.credential.owner.name))
    return skip(std::move(told), import_why::kDiffers);
  told.works = stored.state == CredentialState::Active && told.uid == stored.owner.uid &&
               !books.is_locked(stored.owner.name);
  PlannedChange planned = skip(std::move(told), import_why::kKnown);
  if (held.credential.counter > stored.counter)
    planned.step = RaiseCounter{stored.row, held.credential.counter};
  return planned;
}

PlannedChange plan_unknown(ImportChange told, HeldCredential held, Books &books) {
  Credential &credential = held.credential;
  const Account *account = books.account(credential.owner.name);
  if (account != nullptr) credential.owner = *account;
  if (credential.state == CredentialState::Revoked) {  // remembered, so that nobody enrolls it again
    told.what = What::Revoke;
    return {std::move(told), AddRow{std::move(held)}};
  }
  if (credential.way == Way::Tpm) return skip(std::move(told), import_why::kTpm);
  if (account == nullptr) return skip(std::move(told), import_why::kNoAccount);
  if (books.is_full(account->name)) return skip(std::move(told), import_why::kTooMany);
  credential.name = books.free_name(credential.owner, credential.name);
  books.note(credential.owner, credential.name);
  const bool suspended = credential.state == CredentialState::Suspended;
  const bool locked = books.is_locked(account->name);
  told.what = What::Add;
  told.user = account->name.str();
  told.name = credential.name;
  told.works = !suspended && !locked;
  if (!told.works) told.why = suspended ? import_why::kSuspended : import_why::kLocked;
  return {std::move(told), AddRow{std::move(held)}};
}

PlannedChange plan_credential(const HeldCredential &held, const RpId &rp_id, Books &books) {
  const Credential &credential = held.credential;
  ImportChange told{.user = credential.owner.name.str(),
                    .id = credential.id,
                    .name = credential.name,
                    .way = credential.way};
  if (const Account *account = books.account(credential.owner.name)) {
    told.uid = account->uid;
    if (account->uid != credential.owner.uid) told.uid_was = credential.owner.uid;
  }
  // SSH keys are bound to no machine.
  if (!credential.rp_id.is_ssh() && credential.rp_id != rp_id)
    return skip(std::move(told), import_why::kRpId);
  if (books.is_unreadable(credential.id)) return skip(std::move(told), import_why::kUnreadable);
  if (const Credential *stored = books.stored(credential.id))
    return plan_known(std::move(told), held, *stored, books);
  return plan_unknown(std::move(told), held, books);
}

}  // namespace

std::string_view name_of(ImportChange::What what) {
  switch (what) {
    case What::Add:
      return "add";
    case What::Revoke:
      return "revoke";
    case What::Lock:
      return "lock";
    case What::RpId:
      return "rp-id";
    case What::Skip:
      break;
  }
  return "skip";
}

std::vector<PlannedChange> plan_import(const Holdings &here, const RpId &rp_id, const Import &import) {
  std::vector<PlannedChange> plan;
  RpId in_force = rp_id;
  // A ledger without a single credential that is bound to an RP ID is bound to none yet.
  const bool unbound = std::ranges::all_of(
      here.credentials, [](const HeldCredential &each) { return each.credential.rp_id.is_ssh(); });
  if (import.rp_id != rp_id && unbound && here.unreadable.empty()) {
    in_force = import.rp_id;
    plan.push_back({{.what = What::RpId, .name = import.rp_id.str()}, TakeRpId{import.rp_id}});
  }
  Books books(here, import);
  for (const HeldLock &held : import.locks) plan.push_back(plan_lock(held, books));
  for (const HeldCredential &held : import.credentials)
    plan.push_back(plan_credential(held, in_force, books));
  return plan;
}

}  // namespace passkeyd
