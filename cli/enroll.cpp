/// passkeyctl enroll: make a new passkey.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/face.h"
#include "cli/terminal_conversation.h"
#include "cli/user_option.h"
#include "cli/verb.h"
#include "client/dialogue.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string user;
  std::string name;
  bool usb = false;
  bool tpm = false;
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

ExitCode enroll(const Options &options) {
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  return with_bus(Patience(std::chrono::minutes(10)), [&](Bus &bus, Patience &patience) {
    TerminalConversation conversation(answers_from(options.pin_stdin));
    const EnrollRequest request{user.value(), way_of(options), options.name};
    return conclude(run_enrollment(bus, request, conversation, patience), message::kEnrolled);
  });
}

}  // namespace

Run declare_enroll(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_user_option(command, options->user);
  CLI::Option *usb = command.add_flag("--usb", options->usb, "On a security key");
  command.add_flag("--tpm", options->tpm, "On this computer's security chip")->excludes(usb);
  command.add_option("--name", options->name, "What to call it")->type_name("NAME")->check(check_name);
  add_pin_option(command, options->pin_stdin);
  return [options] { return enroll(*options); };
}

}  // namespace passkeyd::cli
