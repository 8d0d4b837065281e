/// passkeyctl pin: a new PIN for the passkey in this computer's TPM.
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
  bool pin_stdin = false;
};

ExitCode change_pin(const Options &options) {
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  return with_bus(Patience(std::chrono::minutes(5)), [&](Bus &bus, Patience &patience) {
    TerminalConversation conversation(answers_from(options.pin_stdin));
    const PinChangeRequest request{user.value(), "passkeyctl"};
    return conclude(run_pin_change(bus, request, conversation, patience), message::kPinChanged);
  });
}

}  // namespace

Run declare_pin(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_user_option(command, options->user);
  add_pin_option(command, options->pin_stdin);
  return [options] { return change_pin(*options); };
}

}  // namespace passkeyd::cli
