/// passkeyctl enroll: make a new passkey.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "cli/face.h"
#include "cli/follow_up.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/passkey_argument.h"
#include "cli/ssh_key.h"
#include "cli/ssh_twin.h"
#include "cli/target.h"
#include "cli/terminal_conversation.h"
#include "cli/user_option.h"
#include "cli/verb.h"
#include "client/dialogue.h"
#include "client/words.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string user;
  std::string name;
  std::string device;
  bool usb = false;
  bool tpm = false;
  bool discoverable = false;
  bool elsewhere = false;
  bool no_backup_codes = false;
  CodeForm form;
  bool test = false;
  bool no_test = false;
  bool pin_stdin = false;
  bool json = false;
  SshKeyFiles ssh;
  std::optional<TwinOrder> twin;
};

/// As long as a name that a security key gives itself, or the path of its device file.
std::string check_device(const std::string &device) {
  return !device.empty() && device.size() <= 255 && is_printable(device)
             ? ""
             : "is neither the name nor the device file of a security key";
}

EnrollRequest request_from(const Options &options, const UserName &user) {
  EnrollRequest request{user};
  if (options.usb || !options.device.empty() || options.twin) request.way = Way::Usb;
  if (options.tpm) request.way = Way::Tpm;
  request.name = options.name;
  request.device = options.device;
  request.discoverable = options.discoverable;
  request.elsewhere = options.elsewhere;
  request.ask_name = options.name.empty() && !options.pin_stdin && has_terminal();
  return request;
}

/// Standard output may be for a program, which is told later, or for a printer.
ExitCode announce(const Outcome &outcome, const Options &options) {
  if (!options.json && (!options.form.page || Output::is_terminal()))
    return conclude(outcome, message::kEnrolled);
  const ExitCode code = conclude_quietly(outcome);
  if (code != ExitCode::Ok) return code;
  if (!options.json) std::fprintf(stderr, "%s\n", words_for(outcome.details).c_str());
  return code;
}

Trial trial_of(const Options &options) {
  // What was made elsewhere is not here to be tried.
  if (options.no_test || options.elsewhere) return Trial::Never;
  if (options.test) return Trial::Always;
  return !options.pin_stdin && has_terminal() ? Trial::Always : Trial::Never;
}

/// The SSH key of the same security key, if one was wanted.
ExitCode add_twin(Bus &bus, const UserName &user, const Outcome &outcome, const Options &options,
                  Patience &patience) {
  const std::optional<CredentialRecord> twin =
      options.twin ? make_twin(bus, user, outcome.details, *options.twin, patience) : std::nullopt;
  if (options.json) {
    nlohmann::json told = json_of_enrollment(outcome);
    if (options.twin) told["ssh"] = twin ? json_of(*twin) : nlohmann::json();
    print_json(told);
    std::fflush(stdout);
  }
  return options.twin && !twin ? ExitCode::Untwinned : ExitCode::Ok;
}

ExitCode enroll_passkey(const UserName &user, const Options &options) {
  return with_authority(Patience(std::chrono::minutes(10)), [&](Bus &bus, Patience &patience) {
    TerminalConversation conversation(answers_from(options.pin_stdin), "--device, --usb and --tpm");
    Outcome outcome = run_enrollment(bus, request_from(options, user), conversation, patience);
    // Not part of what is said about the passkey: none left would be untrue in a moment.
    const std::optional<std::uint32_t> codes_left = std::exchange(outcome.details.codes_left, std::nullopt);
    const ExitCode code = announce(outcome, options);
    if (code != ExitCode::Ok) return code;
    std::fflush(stdout);
    if (codes_left == 0 && !options.no_backup_codes)
      give_first_codes(bus, user, options.form, options.json ? Wanted::No : Wanted::Yes, patience);
    const ExitCode twinned = add_twin(bus, user, outcome, options, patience);
    recommend_second(user, outcome.details);
    warn_of_misleading_name(bus, user, outcome.details, patience);
    if (options.elsewhere && !options.no_test) say_how_to_try_over_ssh();
    if (trial_of(options) == Trial::Never) return twinned;
    const ExitCode tried = try_new_passkey(bus, user, outcome.details, conversation, patience);
    return tried == ExitCode::Ok ? twinned : tried;
  });
}

ExitCode enroll(Options options) {
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  if (!options.ssh.key.empty()) {
    options.ssh.name = options.name;
    options.ssh.json = options.json;
    return enroll_ssh_key(user.value(), options.ssh);
  }
  if (options.twin) {
    if (options.twin->file.empty()) {
      Result<std::string> file = default_twin_file();
      if (!file) return report(file.error());
      options.twin->file = std::move(file).value();
    }
    if (options.device.starts_with("/dev/")) options.twin->device = options.device;
    options.twin->by_lines = options.pin_stdin;
    if (const Status may = may_make_twin(user.value(), *options.twin); !may) return misused(may.error());
  }
  return enroll_passkey(user.value(), options);
}

void take_twin(Options &options, const std::string &file) {
  options.twin = TwinOrder{file == kDefaultTwin ? "" : file};
}

void add_ssh_options(CLI::App &command, Options &options) {
  CLI::Option *key = command.add_option(
      "--ssh", options.ssh.key, "No new passkey, but an SSH key that lives in a security key: its .pub file");
  key->type_name("FILE");
  CLI::Option *attestation = command.add_option("--attestation", options.ssh.attestation,
                                                "What ssh-keygen -O write-attestation wrote with that key");
  attestation->type_name("FILE")->needs(key);
  CLI::Option *challenge =
      command.add_option("--challenge", options.ssh.challenge, "What it was given as -O challenge");
  challenge->type_name("FILE")->needs(attestation);
  attestation->needs(challenge);
  CLI::Option *twin = command.add_option_function<std::string>(
      "--with-ssh-key", [&options](const std::string &file) { take_twin(options, file); },
      "And then an SSH key on the same security key");
  twin->type_name("FILE")->expected(0, 1)->default_str(kDefaultTwin);
  for (const char *other : {"--tpm", "--ssh", "--elsewhere"}) twin->excludes(command.get_option(other));
  for (const char *other : {"--usb", "--tpm", "--device", "--discoverable", "--no-backup-codes", "--print",
                            "--qr", "--test", "--no-test", "--pin-stdin", "--elsewhere"})
    if (CLI::Option *option = command.get_option_no_throw(other)) key->excludes(option);
}

}  // namespace

Run declare_enroll(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_user_option(command, options->user);
  CLI::Option *usb = command.add_flag("--usb", options->usb, "On a security key");
  CLI::Option *tpm =
      command.add_flag("--tpm", options->tpm, "On this computer's security chip (TPM)")->excludes(usb);
  CLI::Option *device =
      command.add_option("--device", options->device, "On the security key of that name or device file")
          ->type_name("KEY")
          ->check(check_device)
          ->excludes(tpm);
  CLI::Option *discoverable =
      command
          .add_flag("--discoverable", options->discoverable,
                    "The security key shall find it by itself, for sign-ins without a user name")
          ->excludes(tpm);
  command
      .add_flag("--elsewhere", options->elsewhere,
                "On the computer in front of you, with passkey-askpass --enroll: for signing in over SSH")
      ->excludes(usb)
      ->excludes(tpm)
      ->excludes(device)
      ->excludes(discoverable);
  command.add_option("--name", options->name, "What to call it; without it, you are asked")
      ->type_name("NAME")
      ->check(check_passkey_name);
  command.add_flag("--no-backup-codes", options->no_backup_codes, "Do not make any, even if there are none");
  add_form_options(command, options->form);
  CLI::Option *test = command.add_flag("--test", options->test,
                                       "End with a trial sign-in, also where that is not the custom");
  command.add_flag("--no-test", options->no_test, "End without a trial sign-in")->excludes(test);
  test->excludes(command.get_option("--elsewhere"));
  add_pin_option(command, options->pin_stdin);
  command.add_flag("--json", options->json, "For programs: a JSON object");
  add_ssh_options(command, *options);
  return [options] { return enroll(*options); };
}

}  // namespace passkeyd::cli
