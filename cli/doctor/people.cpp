/// Judging accounts, one after the other.
#include "cli/doctor/people.h"

#include <algorithm>
#include <iterator>

namespace passkeyd::cli {
namespace {

constexpr std::int64_t kDay = 86400;

std::string counted(std::int64_t count, const char *one, const char *many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

/// The row of who has the name now.
bool is_of_now(const PersonRecord &person) {
  return person.uid && person.uid == person.uid_now;
}

class Judge {
 public:
  Judge(const PersonRecord &person, const PeopleQuestion &question) : person_(person), question_(question) {}

  Findings all(bool can_sign_in) {
    account("passkeyctl revoke " + user() + " --all");
    if (person_.locked) add("locked", Level::Note, "is locked.", "passkeyctl unlock " + user());
    passkeys(can_sign_in);
    if (person_.active > 0) use();
    return std::move(found_);
  }

  /// Of what an account left that had the name before: who has it now must not lose theirs with it.
  Findings left_behind() {
    account("passkeyctl revoke " + user() + " ID, one by one (passkeyctl list --json --user " + user() +
            " has the uid of each)");
    return std::move(found_);
  }

 private:
  void add(const char *check, Level level, std::string what, std::string advice) {
    found_.push_back({check, level, std::move(what), std::move(advice)});
  }

  /// For the shell: a name may hold what a shell would take for its own.
  [[nodiscard]] std::string user() const {
    const bool plain =
        person_.user.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
        std::string::npos;
    if (plain) return person_.user;
    std::string quoted = "'";
    for (const char c : person_.user) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
  }

  void account(const std::string &revoke) {
    if (person_.active + person_.suspended == 0 && person_.codes_left == 0) return;
    if (person_.unknown)
      add("account-unknown", Level::Note,
          "could not be looked up: whether the account is still there is not known.",
          "getent passwd " + user() + "; while a directory is out of reach, revoke nothing for that.");
    else if (!person_.uid_now)
      add("account-gone", Level::Warning, "has passkeys or backup codes, but the account is gone.",
          revoke + " --reason \"account is gone\"");
    else if (person_.uid && *person_.uid != *person_.uid_now)
      add("account-changed", Level::Warning,
          "is number " + std::to_string(*person_.uid_now) + " now, and was " + std::to_string(*person_.uid) +
              " at enrollment: its passkeys open nothing.",
          "If it is another person: " + revoke + "; then let them enroll.");
  }

  void passkeys(bool can_sign_in) {
    const std::string list = "passkeyctl list --user " + user();
    if (person_.active == 0 && can_sign_in)
      add("no-passkey", Level::Note, person_.revoked > 0 ? "has no passkey left." : "has no passkey.",
          "passkeyctl enroll --user " + user());
    if (person_.active == 1 && person_.uid_now)
      add("one-passkey", Level::Note,
          "has one passkey only: if it is lost, there is the password or a backup code.",
          "passkeyctl enroll --user " + user() + " with a second security key");
    if (person_.suspended > 0)
      add("suspended", Level::Warning,
          "has " + counted(person_.suspended, "passkey that is", "passkeys that are") +
              " suspended: there may be a copy of the key.",
          list + "; then passkeyctl revoke " + user() + " ID, or passkeyctl resume " + user() +
              " ID if all is well");
    if (person_.recalled > 0)
      add("recalled", Level::Warning,
          "has " + counted(person_.recalled, "passkey", "passkeys") + " on a model that was recalled.",
          list + "; let them enroll another key, then: passkeyctl revoke " + user() + " ID");
    if (person_.without_verification > 0)
      add("no-verification", Level::Note,
          "has " + counted(person_.without_verification, "passkey", "passkeys") +
              " that a touch is enough for, without PIN or fingerprint.",
          "Set a PIN on the key (fido2-token -S DEVICE) and enroll it again.");
  }

  void use() {
    if (person_.codes_left == 0)
      add("no-codes", Level::Note, "has no backup codes left.", "passkeyctl backup-codes --user " + user());
    const std::optional<std::int64_t> last = person_.last_used ? person_.last_used : person_.newest;
    if (!last || question_.now - *last < question_.unused_days * kDay) return;
    const std::int64_t days = (question_.now - *last) / kDay;
    add("unused", Level::Note,
        person_.last_used ? "has not used a passkey for " + std::to_string(days) + " days."
                          : "has never used a passkey, in " + std::to_string(days) + " days.",
        "Ask why; what nobody needs: passkeyctl revoke " + user() + " --all --reason unused");
  }

  const PersonRecord &person_;
  const PeopleQuestion &question_;
  Findings found_;
};

}  // namespace

std::vector<PersonReport> judge_people(const std::vector<PersonRecord> &people,
                                       const std::map<std::string, std::int64_t> &accounts,
                                       const PeopleQuestion &question) {
  // A name that had several numbers has a row for each of them.
  std::map<std::string, std::vector<PersonRecord>> all;
  for (const PersonRecord &person : people) all[person.user].push_back(person);
  for (const auto &[user, uid] : accounts)
    if (!all.contains(user)) all[user] = {{.user = user, .uid_now = uid}};
  std::vector<PersonReport> reports;
  for (const auto &[user, rows] : all) {
    const bool has_own = std::ranges::any_of(rows, is_of_now);
    Findings found;
    for (const PersonRecord &person : rows) {
      Judge judge(person, question);
      const bool left = has_own && !is_of_now(person);
      std::ranges::move(left ? judge.left_behind() : judge.all(accounts.contains(user)),
                        std::back_inserter(found));
    }
    if (!found.empty()) reports.push_back({user, std::move(found)});
  }
  return reports;
}

}  // namespace passkeyd::cli
