/// passkeyctl doctor: is all well with this machine (what is installed, PAM, devices, the service), or with
/// its people? And what would come of its sign-ins without the module?
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/doctor/checks.h"
#include "cli/doctor/paper.h"
#include "cli/doctor/people.h"
#include "cli/doctor/service.h"
#include "cli/doctor/sshd_keys.h"
#include "cli/face.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "cli/when.h"

namespace passkeyd::cli {
namespace {

struct Options {
  bool people = false;
  bool without_module = false;
  bool json = false;
  bool quiet = false;
  std::int64_t unused_days = PeopleQuestion().unused_days;

  [[nodiscard]] Telling telling() const { return quiet ? Telling::Troubles : Telling::All; }
};

ExitCode code_of(Level worst) {
  if (worst == Level::Bad) return ExitCode::Broken;
  return worst == Level::Warning ? ExitCode::Warning : ExitCode::Ok;
}

ExitCode put(const std::string &text, ExitCode code) {
  Output output;
  output.put(text);
  const Status done = output.finish();
  return done ? code : report(done.error());
}

/// Bounded and without a question: a service that does not answer is a finding, and not the end.
Result<StatusReport> ask_status() {
  Patience patience(std::chrono::seconds(10));
  Bus bus = TRY(Bus::open(patience));
  return get_status(bus, patience);
}

/// The service's own findings. People who are not root may be asked to prove that they may see them.
Findings ask_health() {
  Findings found;
  with_authority(Patience(std::chrono::minutes(3)), [&](Bus &bus, Patience &patience) {
    found = check_health(get_health(bus, patience));
    return ExitCode::Ok;
  });
  return found;
}

/// Only for root, who is asked nothing. nullopt: not known.
std::optional<SshKeyFacts> ask_ssh_keys() {
  if (geteuid() != 0) return std::nullopt;
  Patience patience(std::chrono::seconds(30));
  Result<Bus> bus = Bus::open(patience);
  if (!bus) return std::nullopt;
  const Result<CredentialList> all = list_all_credentials(bus.value(), patience);
  return all ? std::optional(ssh_key_facts(all.value())) : std::nullopt;
}

ExitCode put(const Findings &all, const Options &options) {
  const ExitCode code = code_of(worst_of(all));
  if (options.json) return put(nlohmann::json{{"findings", findings_json(all)}}.dump(2) + "\n", code);
  const std::string text = findings_text(all, options.telling());
  return put(options.quiet ? text : text + "\n" + summary_text(all) + "\n", code);
}

ExitCode look_at_machine(const Options &options) {
  const Result<StatusReport> status = ask_status();
  Findings all = check_service(status);
  if (status)
    for (Finding &finding : ask_health()) all.push_back(std::move(finding));
  Machine machine;
  machine.sshd_settings = Machine::system_sshd_settings;
  for (Finding &finding : check_machine(machine)) all.push_back(std::move(finding));
  const std::optional<SshKeyFacts> keys = status ? ask_ssh_keys() : std::nullopt;
  for (Finding &finding : check_ssh_keys(machine, keys)) all.push_back(std::move(finding));
  return put(all, options);
}

std::string people_text(const std::vector<PersonReport> &reports, Telling telling) {
  std::string text;
  for (const PersonReport &person : reports) {
    const std::string findings = findings_text(person.findings, telling);
    if (!findings.empty()) text += (text.empty() ? "" : "\n") + person.user + "\n" + findings;
  }
  return text;
}

ExitCode look_at_people(const Options &options) {
  return with_authority(Patience(std::chrono::minutes(5)), [&](Bus &bus, Patience &patience) {
    const Result<std::vector<PersonRecord>> people = get_people(bus, patience);
    if (!people) return report(people.error());
    const std::vector<PersonReport> reports =
        judge_people(people.value(), accounts_of_people(), {time_now(), options.unused_days});
    Findings all;
    nlohmann::json json = nlohmann::json::array();
    for (const PersonReport &person : reports) {
      all.insert(all.end(), person.findings.begin(), person.findings.end());
      json.push_back({{"user", person.user}, {"findings", findings_json(person.findings)}});
    }
    const ExitCode code = code_of(worst_of(all));
    if (options.json) return put(json.dump(2) + "\n", code);
    const std::string text = people_text(reports, options.telling());
    const std::string nothing = reports.empty() && !options.quiet ? "Nothing to be said of anybody.\n" : "";
    return put(text + nothing, code);
  });
}

}  // namespace

Run declare_doctor(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  CLI::Option *people =
      command.add_flag("--people", options->people, "Look at people and their passkeys, not at the machine");
  command
      .add_flag("--without-module", options->without_module,
                "Look only at what PAM would let in if pam_passkey.so were not there")
      ->excludes(people);
  command.add_flag("--json", options->json, "For programs: JSON");
  command.add_flag("--quiet,-q", options->quiet, "Only what should be seen to");
  command
      .add_option("--unused-days", options->unused_days,
                  "With --people: days after which a passkey counts as unused (90)")
      ->type_name("DAYS")
      ->check(CLI::Range(1, 36500))
      ->needs(people);
  return [options] {
    if (options->without_module) return put(check_removal(Machine()), *options);
    return options->people ? look_at_people(*options) : look_at_machine(*options);
  };
}

}  // namespace passkeyd::cli
