/// passkeyctl list: the passkeys of an account, as a table or as JSON.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/face.h"
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
  bool json = false;
};

/// Local time, to the minute.
std::string date(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts = {};
  char text[64];
  if (localtime_r(&time, &parts) == nullptr ||
      std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts) == 0)
    return "?";
  return text;
}

void print_table(const CredentialList &list) {
  Table table({"ID", "NAME", "WAY", "DEVICE", "STATE", "VERIFIES", "CREATED", "LAST USED"});
  for (const CredentialRecord &row : list.records)
    table.add({row.id, row.name, row.way, row.device, row.state, row.user_verification ? "yes" : "no",
               date(row.created), row.last_used ? date(*row.last_used) : "never"});
  std::fputs(table.text().c_str(), stdout);
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

void print_json(const CredentialList &list) {
  nlohmann::json all = nlohmann::json::array();
  for (const CredentialRecord &row : list.records) {
    nlohmann::json one = {{"id", row.id},           {"user", row.user},
                          {"name", row.name},       {"way", row.way},
                          {"device", row.device},   {"state", row.state},
                          {"created", row.created}, {"user_verification", row.user_verification}};
    one["last_used"] = row.last_used ? nlohmann::json(*row.last_used) : nlohmann::json();
    all.push_back(std::move(one));
  }
  std::printf("%s\n", all.dump(2).c_str());
}

ExitCode list(const Options &options) {
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  return with_bus(Patience(std::chrono::minutes(2)), [&](Bus &bus, Patience &patience) {
    const Result<CredentialList> found = list_credentials(bus, user.value(), patience);
    if (!found) return report(found.error());
    const CredentialList &all = found.value();
    if (all.unreadable > 0)
      std::fprintf(stderr, "passkeyctl: %zu entries could not be read and are left out\n", all.unreadable);
    if (options.json) {
      print_json(all);
      return ExitCode::Ok;
    }
    if (all.records.empty())
      std::printf("No passkeys. Root can make one: passkeyctl enroll --user NAME\n");
    else
      print_table(all);
    print_account(check_account(bus, user.value(), patience));
    return ExitCode::Ok;
  });
}

}  // namespace

Run declare_list(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_user_option(command, options->user);
  command.add_flag("--json", options->json, "For programs: a JSON array");
  return [options] { return list(*options); };
}

}  // namespace passkeyd::cli
