/// passkeyctl enroll: make a new passkey.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <utility>

#include "cli/backup_codes.h"
#include "cli/face.h"
#include "cli/output.h"
#include "cli/terminal_conversation.h"
#include "cli/user_option.h"
#include "cli/verb.h"
#include "client/dialogue.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string user;
  std::string name;
  bool usb = false;
  bool tpm = false;
  bool discoverable = false;
  bool no_backup_codes = false;
  bool pin_stdin = false;
};

/// As the ledger stores it.
constexpr std::size_t kMaxName = 64;

std::string check_name(const std::string &name) {
  if (name.empty() || name.size() > kMaxName || !is_printable(name))
    return "must have 1 to 64 bytes of printable UTF-8";
  return {};
}

std::optional<Way> way_of(const Options &options) {
  if (options.usb) return Way::Usb;
  if (options.tpm) return Way::Tpm;
  return std::nullopt;
}

/// For an account that has none yet. They are shown to a person or not made at all: the passkey is ready
/// either way, so it is not said to have failed.
void add_backup_codes(Bus &bus, const UserName &user, Patience &patience) {
  if (Output::is_terminal() && hand_out_codes(bus, user, {}, patience) == ExitCode::Ok) return;
  std::fprintf(stderr,
               "This account has no backup codes. Root can make some: passkeyctl backup-codes --user %s\n",
               printable(user.str(), UserName::kMaxBytes).c_str());
}

ExitCode enroll(const Options &options) {
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  return with_bus(Patience(std::chrono::minutes(10)), [&](Bus &bus, Patience &patience) {
    TerminalConversation conversation(answers_from(options.pin_stdin));
    const EnrollRequest request{user.value(), way_of(options), options.name, options.discoverable};
    Outcome outcome = run_enrollment(bus, request, conversation, patience);
    // Not part of what is said about the passkey: none left would be untrue in a moment.
    const std::optional<std::uint32_t> codes_left = std::exchange(outcome.details.codes_left, std::nullopt);
    const ExitCode code = conclude(outcome, message::kEnrolled);
    if (code == ExitCode::Ok && codes_left == 0 && !options.no_backup_codes)
      add_backup_codes(bus, user.value(), patience);
    return code;
  });
}

}  // namespace

Run declare_enroll(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_user_option(command, options->user);
  CLI::Option *usb = command.add_flag("--usb", options->usb, "On a security key");
  CLI::Option *tpm =
      command.add_flag("--tpm", options->tpm, "On this computer's security chip (TPM)")->excludes(usb);
  command
      .add_flag("--discoverable", options->discoverable,
                "The security key shall find it by itself, for sign-ins without a user name")
      ->excludes(tpm);
  command.add_option("--name", options->name, "What to call it")->type_name("NAME")->check(check_name);
  command.add_flag("--no-backup-codes", options->no_backup_codes, "Do not make any, even if there are none");
  add_pin_option(command, options->pin_stdin);
  return [options] { return enroll(*options); };
}

}  // namespace passkeyd::cli
