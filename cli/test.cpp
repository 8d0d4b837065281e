/// passkeyctl test: does a sign-in work?
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/face.h"
#include "cli/json.h"
#include "cli/passkey_argument.h"
#include "cli/terminal_conversation.h"
#include "cli/trial.h"
#include "cli/user_option.h"
#include "cli/verb.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string which;
  std::string user;
  bool pin_stdin = false;
  bool json = false;
};

ExitCode test(const Options &options) {
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  return with_bus(Patience(std::chrono::minutes(5)), [&](Bus &bus, Patience &patience) {
    std::string id;
    if (!options.which.empty()) {
      const Result<std::string> found = short_id_of(bus, user.value(), options.which, patience);
      if (!found) return report(found.error());
      id = found.value();
    }
    TerminalConversation conversation(answers_from(options.pin_stdin));
    const Outcome outcome = run_trial(bus, user.value(), id, conversation, patience);
    if (!options.json) return conclude(outcome, message::kWelcome);
    print_json(json_of_test(outcome));
    return conclude_quietly(outcome);
  });
}

}  // namespace

Run declare_test(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_passkey_argument(command, options->which);
  add_user_option(command, options->user);
  add_pin_option(command, options->pin_stdin);
  command.add_flag("--json", options->json, "For programs: a JSON object");
  return [options] { return test(*options); };
}

}  // namespace passkeyd::cli
