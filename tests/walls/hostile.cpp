/// A hostile ceremony: the real process, walls and all, but behind them it does what MISDEED names instead of
/// what it was asked, and says what came of it. For tests; never installed. A misdeed is not what device
/// bytes can make of a ceremony, it is what they could make of it at worst.
///
/// MISDEED   the name of one (misdeeds.h), "print", or "wait": gives a cue and then does nothing until it is
/// killed WALLS     "none": without the process' walls, to see that each can be done where nothing keeps it
/// MISDEEDS_OF  "devices": honest when it looks up accounts and names, so that a sign-in gets as far as its
/// device
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "daemon/ceremony/process.h"
#include "daemon/ceremony/walls.h"
#include "tests/walls/misdeeds.h"

namespace {

using namespace passkeyd;

std::string setting(const char *name) {
  const char *value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// What came of it, as an Error whatever it was: "done", or errno's word.
LastWord misbehave() {
  const std::string name = setting("MISDEED");
  if (name == "print") {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) (void)dprintf(number, "forged\n");
    return LastWord{Error{ErrorKind::Internal, "done"}};
  }
  const test::Misdeed *misdeed = test::misdeed_of(name);
  if (misdeed == nullptr) return LastWord{Error{ErrorKind::InvalidInput, "no such misdeed"}};
  int failed = 0;
  try {
    failed = misdeed->commit();
  } catch (const std::exception &) {  // std::thread
    failed = EAGAIN;
  }
  return LastWord{Error{ErrorKind::Internal, failed == 0 ? "done" : std::strerror(failed)}};
}

LastWord act(const wire::Request &request, const Reach &reach, std::vector<Fd> secrets,
             const std::function<void(const wire::Event &)> &say) {
  const bool looks_up = walls::left_for(request) == walls::Left::LookingUp;
  if (looks_up && setting("MISDEEDS_OF") == "devices")
    return perform(request, reach, std::move(secrets), say);
  if (setting("MISDEED") == "wait") {
    say(wire::TouchCue{});
    for (;;) poll(nullptr, 0, -1);
  }
  return misbehave();
}

int live_without_walls() {
  (void)wire::receive(wire::kCeremonyFd);
  (void)wire::send(wire::kCeremonyFd, wire::encode(misbehave().event), {});
  return EXIT_SUCCESS;
}

}  // namespace

int main() {
  _exit(setting("WALLS") == "none" ? live_without_walls() : live_as_ceremony(act));
}
