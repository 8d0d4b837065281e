/// passkeyctl policy: what holds for a PAM service, and where it was set.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/face.h"
#include "cli/json.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "client/policy.h"
#include "common/account.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string service;
  bool json = false;
};

void print_table(const std::vector<PolicyRecord> &rows) {
  Table table({"KEY", "VALUE", "WHERE"});
  for (const PolicyRecord &row : rows) table.add({row.key, row.value, row.source});
  Screen screen = Screen::of_stdout();
  screen.columns = 0;  // half a value, or half of where it was set, would be of no use
  std::fputs(table.text(screen).c_str(), stdout);
}

nlohmann::json json_of(const std::vector<PolicyRecord> &rows) {
  nlohmann::json all = nlohmann::json::array();
  for (const PolicyRecord &row : rows)
    all.push_back({{"key", row.key}, {"value", row.value}, {"source", row.source}});
  return all;
}

ExitCode show(const Options &options) {
  return with_bus(Patience(std::chrono::minutes(1)), [&](Bus &bus, Patience &patience) {
    const Result<std::vector<PolicyRecord>> policy = get_policy(bus, options.service, patience);
    if (!policy) return report(policy.error());
    if (options.json)
      print_json(json_of(policy.value()));
    else
      print_table(policy.value());
    return ExitCode::Ok;
  });
}

/// What D-Bus would not carry is refused here, in words.
std::string check_service(const std::string &name) {
  return is_printable(name) && name.size() <= 255 ? "" : "no name of a PAM service";
}

}  // namespace

Run declare_policy(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  command
      .add_option("service", options->service,
                  "PAM service, such as sudo; without it: all that have no section")
      ->option_text("SERVICE")
      ->check(check_service);
  command.add_flag("--json", options->json, "For programs: a JSON array");
  return [options] { return show(*options); };
}

}  // namespace passkeyd::cli
