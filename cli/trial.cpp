/// Asking for the login.
#include "cli/trial.h"

#include <unistd.h>

#include <string_view>

#include "cli/ssh_agent.h"

namespace passkeyd::cli {
namespace {

/// "tty1" for the terminal on standard input; "" without one.
std::string terminal_name() {
  const char *path = ttyname(STDIN_FILENO);
  const std::string_view name = path != nullptr ? path : "";
  return std::string(name.starts_with("/dev/") ? name.substr(5) : name);
}

}  // namespace

Outcome run_trial(Bus &bus, const UserName &user, const std::string &credential, Conversation &conversation,
                  Patience &patience) {
  LoginRequest request{user, "passkeyctl", terminal_name()};
  request.credential = credential;
  request.agent = connect_to_agent();  // for passkeys that are SSH keys
  return run_login(bus, request, conversation, patience);
}

}  // namespace passkeyd::cli
