/// passkeyctl test: a whole login, except that nobody is let in anywhere.
#include <unistd.h>

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

/// "tty1" for the terminal on standard input; "" without one.
std::string terminal_name() {
  const char *path = ttyname(STDIN_FILENO);
  const std::string_view name = path != nullptr ? path : "";
  return std::string(name.starts_with("/dev/") ? name.substr(5) : name);
}

ExitCode try_login(const Options &options) {
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  return with_bus(Patience(std::chrono::minutes(5)), [&](Bus &bus, Patience &patience) {
    TerminalConversation conversation(answers_from(options.pin_stdin));
    const LoginRequest request{user.value(), "passkeyctl", terminal_name()};
    return conclude(run_login(bus, request, conversation, patience), message::kWelcome);
  });
}

}  // namespace

Run declare_test(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_user_option(command, options->user);
  add_pin_option(command, options->pin_stdin);
  return [options] { return try_login(*options); };
}

}  // namespace passkeyd::cli
