/// passkeyctl list: the passkeys of an account, or of everybody, as a table or as JSON.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/describe.h"
#include "cli/face.h"
#include "cli/json.h"
#include "cli/table.h"
#include "cli/user_option.h"
#include "cli/verb.h"
#include "client/account_check.h"
#include "client/printable.h"
#include "client/records.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string user;
  bool all = false;
  bool revoked = false;
  bool json = false;
};

enum class Whose { Ones, Everybodys };

/// Never left out: whose it is, its id, its name and its state.
void print_table(const std::vector<CredentialRecord> &records, Whose whose) {
  const std::size_t first = whose == Whose::Everybodys ? 1 : 0;
  Table::Row heading = {"ID", "NAME", "WAY", "DEVICE", "STATE", "VERIFIES", "CREATED", "LAST USED"};
  if (first == 1) heading.insert(heading.begin(), "USER");
  Table table(heading);
  for (const CredentialRecord &record : records) {
    Table::Row row = {record.id,
                      record.name,
                      record.way,
                      record.device,
                      state_of(record),
                      record.user_verification ? "yes" : "no",
                      date_text(record.created),
                      last_use_of(record)};
    if (first == 1) row.insert(row.begin(), record.user);
    table.add(std::move(row));
  }
  if (first == 1) table.may_shorten(0);
  for (const std::size_t column : {1U, 3U}) table.may_shorten(first + column);
  for (const std::size_t column : {6U, 2U, 5U, 3U, 7U}) table.may_go(first + column);
  table.accent(first + 4, accent_of_state);
  std::fputs(table.text(Screen::of_stdout()).c_str(), stdout);
}

std::string lock_text(const AccountState &state) {
  const std::string scope =
      state.all_methods ? "passkeys, backup codes and account lines" : "passkeys and backup codes";
  return scope + (state.reason.empty() ? "" : ": " + state.reason);
}

/// What stands beside the passkeys. That it is not known hides nothing of the list.
void print_account(const Result<AccountState> &state) {
  if (!state) {
    std::fprintf(stderr, "passkeyctl: nothing is known of backup codes and locks (%s)\n",
                 printable(state.error().sentence, 512).c_str());
    return;
  }
  if (!state->codes_left && !state->locked) return;
  Table table({});
  if (state->codes_left) table.add({"backup codes left:", std::to_string(*state->codes_left)});
  if (state->locked) table.add({"locked:", lock_text(state.value())});
  std::printf("\n%s", table.text().c_str());
}

void print_revoked(std::size_t revoked) {
  if (revoked > 0)
    std::printf("\n%zu revoked %s not shown; --revoked shows %s.\n", revoked,
                revoked == 1 ? "passkey is" : "passkeys are", revoked == 1 ? "it" : "them");
}

ExitCode print(CredentialList &all, const Options &options) {
  if (all.unreadable > 0)
    std::fprintf(stderr, "passkeyctl: %zu entries could not be read and are left out\n", all.unreadable);
  std::size_t hidden = 0;
  if (!options.revoked)
    hidden = std::erase_if(all.records, [](const CredentialRecord &each) { return each.state == "revoked"; });
  if (options.json) {
    print_json(json_of(all.records));
    return ExitCode::Ok;
  }
  if (all.records.empty())
    std::printf("No passkeys. One is made with: passkeyctl enroll%s\n",
                options.user.empty() ? "" : (" --user " + options.user).c_str());
  else
    print_table(all.records, options.all ? Whose::Everybodys : Whose::Ones);
  print_revoked(hidden);
  return ExitCode::Ok;
}

ExitCode list_everybodys(const Options &options) {
  return with_authority(Patience(std::chrono::minutes(5)), [&](Bus &bus, Patience &patience) {
    Result<CredentialList> found = list_all_credentials(bus, patience);
    return found ? print(found.value(), options) : report(found.error());
  });
}

ExitCode list(const Options &options) {
  if (options.all) return list_everybodys(options);
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  const Patience most(std::chrono::minutes(5));
  return with_bus_about(options.user, most, [&](Bus &bus, Patience &patience) {
    Result<CredentialList> found = list_credentials(bus, user.value(), patience);
    if (!found) return report(found.error());
    if (options.json) {
      print(found.value(), options);
      return ExitCode::Ok;
    }
    const Result<AccountState> standing = check_account(bus, user.value(), patience);
    const bool nobody = !standing && standing.error().kind == ErrorKind::NotFound;
    if (nobody && found->records.empty()) return report(standing.error());
    print(found.value(), options);
    print_account(standing);
    return ExitCode::Ok;
  });
}

}  // namespace

Run declare_list(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  CLI::Option *user = add_user_option(command, options->user);
  command.add_flag("--all", options->all, "Those of everybody")->excludes(user);
  command.add_flag("--revoked", options->revoked, "Also those that were revoked");
  command.add_flag("--json", options->json, "For programs: a JSON array");
  return [options] { return list(*options); };
}

}  // namespace passkeyd::cli
