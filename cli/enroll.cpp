/// passkeyctl enroll: make a new passkey.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <utility>

#include "cli/face.h"
#include "cli/follow_up.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/passkey_argument.h"
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
};

/// As long as a name that a security key gives itself, or the path of its device file.
std::string check_device(const std::string &device) {
  return !device.empty() && device.size() <= 255 && is_printable(device)
             ? ""
             : "is neither the name nor the device file of a security key";
}

EnrollRequest request_from(const Options &options, const UserName &user) {
  EnrollRequest request{user};
  if (options.usb || !options.device.empty()) request.way = Way::Usb;
  if (options.tpm) request.way = Way::Tpm;
  request.name = options.name;
  request.device = options.device;
  request.discoverable = options.discoverable;
  request.elsewhere = options.elsewhere;
  request.ask_name = options.name.empty() && !options.pin_stdin && has_terminal();
  return request;
}

/// Standard output may be for a program, or for a printer.
ExitCode announce(const Outcome &outcome, const Options &options) {
  if (!options.json && (!options.form.page || Output::is_terminal()))
    return conclude(outcome, message::kEnrolled);
  const ExitCode code = conclude_quietly(outcome);
  if (code != ExitCode::Ok) return code;
  if (options.json)
    print_json(json_of_enrollment(outcome));
  else
    std::fprintf(stderr, "%s\n", words_for(outcome.details).c_str());
  return code;
}

Trial trial_of(const Options &options) {
  // What was made elsewhere is not here to be tried.
  if (options.no_test || options.elsewhere) return Trial::Never;
  if (options.test) return Trial::Always;
  return !options.pin_stdin && has_terminal() ? Trial::Always : Trial::Never;
}

ExitCode enroll(const Options &options) {
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  return with_authority(Patience(std::chrono::minutes(10)), [&](Bus &bus, Patience &patience) {
    TerminalConversation conversation(answers_from(options.pin_stdin), "--device, --usb and --tpm");
    Outcome outcome = run_enrollment(bus, request_from(options, user.value()), conversation, patience);
    // Not part of what is said about the passkey: none left would be untrue in a moment.
    const std::optional<std::uint32_t> codes_left = std::exchange(outcome.details.codes_left, std::nullopt);
    const ExitCode code = announce(outcome, options);
    if (code != ExitCode::Ok) return code;
    std::fflush(stdout);
    if (codes_left == 0 && !options.no_backup_codes)
      give_first_codes(bus, user.value(), options.form, options.json ? Wanted::No : Wanted::Yes, patience);
    recommend_second(user.value(), outcome.details);
    warn_of_misleading_name(bus, user.value(), outcome.details, patience);
    if (options.elsewhere && !options.no_test) say_how_to_try_over_ssh();
    if (trial_of(options) == Trial::Never) return ExitCode::Ok;
    return try_new_passkey(bus, user.value(), outcome.details, conversation, patience);
  });
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
  add_pin_option(command, options->pin_stdin);
  command.add_flag("--json", options->json, "For programs: a JSON object");
  return [options] { return enroll(*options); };
}

}  // namespace passkeyd::cli
