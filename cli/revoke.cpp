/// passkeyctl revoke: a passkey, or all of an account, opens nothing any more; for ever, and from now on.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "cli/confirm.h"
#include "cli/face.h"
#include "cli/reason.h"
#include "cli/recall.h"
#include "cli/remaining.h"
#include "cli/sign_out.h"
#include "cli/ssh_key.h"
#include "cli/target.h"
#include "cli/verb.h"
#include "client/printable.h"
#include "client/revocation.h"

namespace passkeyd::cli {
namespace {

constexpr const char *kForEver = "Revoking is for ever: nothing makes a revoked passkey work again.\n";

struct Options {
  TargetWords target;
  RecallOptions recall;
  bool all = false;
  std::string reason;
  bool yes = false;
  bool end_sessions = false;
};

std::string shown(const UserName &user) {
  return printable(user.str(), UserName::kMaxBytes);
}

ExitCode none(const std::string &sentence) {
  std::fprintf(stderr, "passkeyctl: %s\n", sentence.c_str());
  return ExitCode::NotEnrolled;
}

ExitCode revoked_already(const Target &target, const CredentialRecord &record) {
  return none("the passkey " + label_of(record) + " of " + shown(target.user) + " is revoked already");
}

ExitCode not_there(const Target &target) {
  return none(shown(target.user) + " has no passkey with the ID or name \"" + printable(target.id, 64) +
              "\" (for all of an account: passkeyctl revoke USER --all)");
}

/// What `target` names. Ok: it is in `into`, and can be revoked.
ExitCode look(const Target &target, const CredentialList &list, CredentialRecord &into) {
  Result<CredentialRecord> found = find_credential(list, target.id);
  if (!found) return found.error().kind == ErrorKind::NotFound ? not_there(target) : misused(found.error());
  if (found->state == "revoked") return revoked_already(target, found.value());
  into = std::move(found).value();
  return ExitCode::Ok;
}

/// Refused as not there: perhaps somebody else has revoked it meanwhile.
ExitCode look_again(Bus &bus, const Target &target, const Error &refusal, Patience &patience) {
  if (refusal.kind != ErrorKind::NotFound && refusal.kind != ErrorKind::InvalidInput) return report(refusal);
  const Result<CredentialList> list = list_credentials(bus, target.user, patience);
  CredentialRecord record;
  const ExitCode found = list ? look(target, list.value(), record) : ExitCode::Ok;
  return found == ExitCode::Ok ? report(refusal) : found;
}

ExitCode ask_about_one(Bus &bus, const Target &target, const CredentialRecord &record, CredentialList list,
                       Patience &patience) {
  std::erase_if(list.records, [&](const CredentialRecord &each) { return each.id == record.id; });
  const std::string about =
      "The passkey " + label_of(record) + " of " + shown(target.user) + ": " + description_of(record) +
      ".\n" + ways_left(target.user, list.records, check_account(bus, target.user, patience)) + kForEver;
  return confirm(about, "Revoke it?", Asked::Yet);
}

ExitCode ask_about_all(Bus &bus, const Target &target, const CredentialList &list, Patience &patience) {
  std::string about = "All passkeys of " + shown(target.user) + ":\n";
  for (const CredentialRecord &each : list.records)
    about += "  " + label_of(each) + ": " + description_of(each) + "\n";
  about += ways_left(target.user, {}, check_account(bus, target.user, patience)) + kForEver;
  return confirm(about, "Revoke all of them?", Asked::Yet);
}

/// Whose passkeys `target` was about; revoked ones stay in listings. Asked afterwards, so that nothing stands
/// before the revocation. Empty if it cannot be told: then whoever has the name is signed out, for a thief's
/// session that goes on is worse than one too many that ends.
Numbers owners_of(Bus &bus, const Target &target, Patience &patience) {
  Result<CredentialList> list = list_credentials(bus, target.user, patience);
  if (!list) return {};
  std::vector<CredentialRecord> &records = list->records;
  const auto has_id = [&](const CredentialRecord &each) { return each.id == target.id; };
  const bool by_id = std::ranges::any_of(records, has_id);
  if (!target.id.empty())
    std::erase_if(records, [&](const CredentialRecord &each) {
      return by_id ? !has_id(each) : each.name != target.id;
    });
  return numbers_of(records);
}

ExitCode afterwards(Bus &bus, const Options &options, const Target &target, Patience &patience) {
  if (!options.end_sessions) return ExitCode::Ok;
  return sign_out(bus, target.user, patience, owners_of(bus, target, patience));
}

/// With --yes nothing is asked beforehand, not even what there is: in an emergency, less can go wrong.
ExitCode revoke_one(Bus &bus, const Options &options, Target target, Patience &patience) {
  std::string label = "\"" + printable(target.id, 64) + "\"";
  bool of_ssh = false;
  if (!options.yes) {
    const Result<CredentialList> list = list_credentials(bus, target.user, patience);
    if (!list) return report(list.error());
    CredentialRecord record;
    if (const ExitCode found = look(target, list.value(), record); found != ExitCode::Ok) return found;
    if (const ExitCode agreed = ask_about_one(bus, target, record, list.value(), patience);
        agreed != ExitCode::Ok)
      return agreed;
    target.id = record.id;  // that one and no other, also if names change meanwhile
    label = label_of(record);
    of_ssh = record.way == "ssh";
  }
  const Status done = revoke_credential(bus, {target.user, target.id, options.reason}, patience);
  if (!done) return look_again(bus, target, done.error(), patience);
  std::printf("The passkey %s of %s is revoked.\n", label.c_str(), shown(target.user).c_str());
  if (of_ssh) advise_about_revoked_keys();
  return afterwards(bus, options, target, patience);
}

ExitCode nothing_to_revoke(const Target &target) {
  return none(shown(target.user) + " has no passkey that is not revoked already");
}

ExitCode revoke_account(Bus &bus, const Options &options, const Target &target, Patience &patience) {
  if (!options.yes) {
    Result<CredentialList> list = list_credentials(bus, target.user, patience);
    if (!list) return report(list.error());
    std::erase_if(list->records, [](const CredentialRecord &each) { return each.state == "revoked"; });
    if (list->records.empty() && list->unreadable == 0) return nothing_to_revoke(target);
    if (const ExitCode agreed = ask_about_all(bus, target, list.value(), patience); agreed != ExitCode::Ok)
      return agreed;
  }
  const Result<std::uint32_t> count = revoke_all(bus, target.user, options.reason, patience);
  if (!count) return report(count.error());
  if (count.value() > 0)
    std::printf("%u %s of %s %s revoked.\n", count.value(), count.value() == 1 ? "passkey" : "passkeys",
                shown(target.user).c_str(), count.value() == 1 ? "is" : "are");
  const ExitCode revoked = count.value() > 0 ? ExitCode::Ok : nothing_to_revoke(target);
  const ExitCode after = afterwards(bus, options, target, patience);  // wanted in any case
  return revoked == ExitCode::Ok ? after : revoked;
}

ExitCode revoke(const Options &options) {
  if (options.recall.given()) {
    if (options.all || !options.target.user.empty() || !options.target.words.empty())
      return misused({ErrorKind::InvalidInput,
                      "--authenticator and --enrolled-before are about everybody's "
                      "passkeys: neither an account, an ID nor --all goes with them"});
    return recall({options.recall, options.reason, options.yes, options.end_sessions});
  }
  if (options.recall.dry_run)
    return misused({ErrorKind::InvalidInput, "--dry-run goes with --authenticator or --enrolled-before"});
  const Result<Target> target = options.all ? whole_account_of(options.target) : target_of(options.target);
  if (!target) return misused(target.error());
  return with_authority(Patience(std::chrono::minutes(20)), [&](Bus &bus, Patience &patience) {
    return options.all ? revoke_account(bus, options, target.value(), patience)
                       : revoke_one(bus, options, target.value(), patience);
  });
}

}  // namespace

Run declare_revoke(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_target(command, options->target);
  command.add_flag("--all", options->all, "All passkeys of the account: revoke [USER] --all");
  add_recall_options(command, options->recall);
  add_reason_option(command, options->reason);
  add_sign_out_option(command, options->end_sessions);
  command.add_flag("--yes", options->yes, "Do not ask first");
  return [options] { return revoke(*options); };
}

}  // namespace passkeyd::cli
