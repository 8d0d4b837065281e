/// Asking once, and saying how it went.
#include "cli/confirm.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>

#include "cli/face.h"
#include "client/terminal.h"

namespace passkeyd::cli {
namespace {

constexpr char kNothingChanged[] = "\npasskeyctl: nothing was changed\n";

/// Runs as a signal handler: the write is all it may do. The signal then ends the program as it would have.
void say_and_end(int number) {
  const ssize_t written = write(STDERR_FILENO, kNothingChanged, sizeof kNothingChanged - 1);
  static_cast<void>(written);
  raise(number);  // blocked until this returns; SA_RESETHAND has put the default back
}

/// While it lives, Ctrl-C says that nothing was changed before it ends the program.
class CtrlCSaysSo {
 public:
  CtrlCSaysSo() {
    struct sigaction spoken = {};
    spoken.sa_handler = say_and_end;
    spoken.sa_flags = SA_RESETHAND;
    sigaction(SIGINT, nullptr, &before_);
    if (before_.sa_handler == SIG_DFL) sigaction(SIGINT, &spoken, nullptr);
  }
  ~CtrlCSaysSo() { sigaction(SIGINT, &before_, nullptr); }
  CtrlCSaysSo(const CtrlCSaysSo &) = delete;
  CtrlCSaysSo &operator=(const CtrlCSaysSo &) = delete;

 private:
  struct sigaction before_ = {};
};

Consent ask(const std::string &text) {
  const CtrlCSaysSo interrupted;
  return ask_consent(text);
}

}  // namespace

ExitCode confirm(const std::string &about, const std::string &question, Asked asked) {
  if (asked == Asked::Already) return ExitCode::Ok;
  switch (ask(about + question + " [y/N] ")) {
    case Consent::Given:
      return ExitCode::Ok;
    case Consent::NobodyThere:
      std::fprintf(
          stderr,
          "%spasskeyctl: nothing was changed: there is no terminal to ask on; --yes goes on without\n",
          about.c_str());
      return ExitCode::Usage;
    case Consent::Refused:
      break;
  }
  return report({ErrorKind::Cancelled, "nothing was changed"});
}

}  // namespace passkeyd::cli
