/// passkeyctl show: everything there is to know about one passkey.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/describe.h"
#include "cli/face.h"
#include "cli/json.h"
#include "cli/passkey_argument.h"
#include "cli/ssh_key.h"
#include "cli/table.h"
#include "cli/user_option.h"
#include "cli/verb.h"
#include "client/records.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string which;
  std::string user;
  bool json = false;
};

std::string or_unknown(const std::string &text) {
  return text.empty() ? "not known" : text;
}

std::string whose(const CredentialRecord &record) {
  return record.user + (record.uid ? " (uid " + std::to_string(*record.uid) + ")" : "");
}

/// "revoked since 2026-11-25 10:00 by uid 0: lost".
std::string state_in_full(const CredentialRecord &record) {
  std::string text = state_of(record);
  if (record.state != "active") {
    if (record.changed) text += " since " + date_text(*record.changed);
    if (record.changed_by) text += " by uid " + std::to_string(*record.changed_by);
  }
  return text + (record.reason.empty() ? "" : ": " + record.reason);
}

void print_table(const CredentialRecord &record) {
  Table table({});
  table.add({"id:", record.id});
  table.add({"name:", record.name});
  table.add({"account:", whose(record)});
  table.add({"protected by:", protection_of(record)});
  if (!record.ssh_key.empty()) {
    table.add({"fingerprint:", or_unknown(fingerprint_of(record.ssh_key))});
    table.add({"SSH key:", record.ssh_key});
  }
  table.add({"state:", state_in_full(record)});
  table.add({"device:", or_unknown(record.device)});
  table.add({"model:", or_unknown(record.model)});
  table.add({"AAGUID:", or_unknown(record.aaguid)});
  table.add({"attested by:", record.attested_by.empty() ? "nobody" : record.attested_by});
  table.add({"recalled:", record.recalled.empty() ? "not as far as is known here" : record.recalled});
  table.add({"discoverable:", record.discoverable ? "yes: found without a user name" : "no"});
  table.add({"synced:", record.synced ? "yes: it may be on other devices, too" : "no"});
  table.add({"created:", date_text(record.created)});
  table.add({"last used:", last_use_of(record)});
  std::fputs(table.text().c_str(), stdout);
}

ExitCode show(const Options &options) {
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  const Patience most(std::chrono::minutes(5));
  return with_bus_about(options.user, most, [&](Bus &bus, Patience &patience) {
    const Result<CredentialList> list = list_credentials(bus, user.value(), patience);
    if (!list) return report(list.error());
    const Result<CredentialRecord> found = find_credential(list.value(), options.which);
    if (!found) return report(found.error());
    if (options.json)
      print_json(json_of(found.value()));
    else
      print_table(found.value());
    return ExitCode::Ok;
  });
}

}  // namespace

Run declare_show(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_passkey_argument(command, options->which)->required();
  add_user_option(command, options->user);
  command.add_flag("--json", options->json, "For programs: a JSON object");
  return [options] { return show(*options); };
}

}  // namespace passkeyd::cli
