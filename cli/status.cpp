/// passkeyctl status: what the service says about itself, and what really protects one's own passkeys.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <variant>

#include "cli/describe.h"
#include "cli/face.h"
#include "cli/json.h"
#include "cli/table.h"
#include "cli/user_option.h"
#include "cli/verb.h"
#include "client/printable.h"
#include "client/records.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string user;
  bool json = false;
};

std::string text_of(const StatusValue &value) {
  if (const auto *text = std::get_if<std::string>(&value)) return *text;
  if (const auto *truth = std::get_if<bool>(&value)) return *truth ? "yes" : "no";
  return std::to_string(std::get<std::int64_t>(value));
}

void print_service(const StatusReport &report) {
  Table table({});
  for (const auto &[key, value] : report) table.add({key + ":", text_of(value)});
  if (!report.contains("metadata-number")) table.add({"metadata:", "none imported"});
  std::fputs(table.text().c_str(), stdout);
}

void print_passkeys(const std::vector<CredentialRecord> &records) {
  if (records.empty()) return;
  Table table({});
  for (const CredentialRecord &record : records) {
    const std::string state = record.state == "active" ? "" : state_of(record) + "; ";
    table.add({record.id, record.name, state + protection_of(record)});
  }
  std::printf("\nPasskeys:\n%s", table.text().c_str());
}

/// Without those that were revoked. Nothing is known of the passkeys of who has no account here; the
/// service's own state is shown all the same.
std::vector<CredentialRecord> passkeys_of(Bus &bus, const std::string &name, Patience &patience) {
  const Result<UserName> user = user_of(name);
  if (!user) return {};
  Result<CredentialList> list = list_credentials(bus, user.value(), patience);
  if (!list) {
    std::fprintf(stderr, "passkeyctl: nothing is known of the passkeys (%s)\n",
                 printable(list.error().sentence, 512).c_str());
    return {};
  }
  std::erase_if(list->records, [](const CredentialRecord &each) { return each.state == "revoked"; });
  return std::move(list->records);
}

ExitCode show(const Options &options) {
  const Patience most(std::chrono::minutes(5));
  return with_bus_about(options.user, most, [&](Bus &bus, Patience &patience) {
    const Result<StatusReport> status = get_status(bus, patience);
    if (!status) return report(status.error());
    const std::vector<CredentialRecord> passkeys = passkeys_of(bus, options.user, patience);
    if (options.json) {
      print_json(json_of(status.value(), passkeys));
      return ExitCode::Ok;
    }
    print_service(status.value());
    print_passkeys(passkeys);
    return ExitCode::Ok;
  });
}

}  // namespace

Run declare_status(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_user_option(command, options->user);
  command.add_flag("--json", options->json, "For programs: a JSON object");
  return [options] { return show(*options); };
}

}  // namespace passkeyd::cli
