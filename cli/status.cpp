/// passkeyctl status: what the service says about itself.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <variant>

#include "cli/face.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "client/records.h"

namespace passkeyd::cli {
namespace {

std::string text_of(const StatusValue &value) {
  if (const auto *text = std::get_if<std::string>(&value)) return *text;
  if (const auto *truth = std::get_if<bool>(&value)) return *truth ? "yes" : "no";
  return std::to_string(std::get<std::int64_t>(value));
}

void print_table(const StatusReport &report) {
  Table table({});
  for (const auto &[key, value] : report) table.add({key + ":", text_of(value)});
  std::fputs(table.text().c_str(), stdout);
}

/// The bus's keys, with '_' for '-' as in "list --json".
void print_json(const StatusReport &report) {
  nlohmann::json all = nlohmann::json::object();
  for (const auto &[key, value] : report) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '-', '_');
    all[name] = std::visit([](const auto &held) { return nlohmann::json(held); }, value);
  }
  std::printf("%s\n", all.dump(2).c_str());
}

ExitCode show(bool json) {
  return with_bus(Patience(std::chrono::minutes(1)), [json](Bus &bus, Patience &patience) {
    const Result<StatusReport> status = get_status(bus, patience);
    if (!status) return report(status.error());
    if (json)
      print_json(status.value());
    else
      print_table(status.value());
    return ExitCode::Ok;
  });
}

}  // namespace

Run declare_status(CLI::App &command) {
  const auto json = std::make_shared<bool>(false);
  command.add_flag("--json", *json, "For programs: a JSON object");
  return [json] { return show(*json); };
}

}  // namespace passkeyd::cli
