/// softkey: the software security key as a program. Listens on a SOCK_SEQPACKET socket for the one port it
/// can be plugged into (mockusb, or anything that sends 64-byte CTAPHID reports); a connection is power.
#include <getopt.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>

#include "tests/softkey/commands.h"
#include "tests/softkey/server.h"

using namespace passkeyd;
using namespace passkeyd::softkey;

namespace {

constexpr const char *kUsage =
    "usage: softkey --listen SOCKET [--control SOCKET] [--state FILE] [--pin PIN] [--uv] [--always-uv]\n"
    "               [--algorithms es256,eddsa] [--pin-protocols 2,1] [--touch auto|wait|deny|timeout]\n"
    "               [--knob NAME=VALUE]... [--background] [--die-with-parent]\n";

struct Arguments {
  std::string listen, control, state, pin;
  std::string touch = "auto";
  std::vector<std::string> knobs;
  Model model;
  bool background = false;
  bool die_with_parent = false;
};

[[noreturn]] void give_up(const std::string &why) {
  std::fprintf(stderr, "softkey: %s\n", why.c_str());
  std::exit(2);
}

std::vector<std::string> split(const std::string &list) {
  std::vector<std::string> out;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) out.push_back(part);
  return out;
}

std::vector<Algorithm> algorithms_of(const std::string &list) {
  std::vector<Algorithm> out;
  for (const std::string &name : split(list)) {
    if (name != "es256" && name != "eddsa") give_up("unknown algorithm " + name);
    out.push_back(name == "es256" ? Algorithm::Es256 : Algorithm::EdDsa);
  }
  return out;
}

std::vector<int> protocols_of(const std::string &list) {
  std::vector<int> out;
  for (const std::string &name : split(list)) {
    if (name != "1" && name != "2") give_up("unknown PIN protocol " + name);
    out.push_back(name == "1" ? 1 : 2);
  }
  return out;
}

Arguments parse(int argc, char **argv) {
  enum {
    kListen = 1,
    kControl,
    kState,
    kPin,
    kUv,
    kAlwaysUv,
    kAlgorithms,
    kProtocols,
    kTouch,
    kKnob,
    kBackground,
    kDie
  };
  const option options[] = {{"listen", 1, nullptr, kListen},
                            {"control", 1, nullptr, kControl},
                            {"state", 1, nullptr, kState},
                            {"pin", 1, nullptr, kPin},
                            {"uv", 0, nullptr, kUv},
                            {"always-uv", 0, nullptr, kAlwaysUv},
                            {"algorithms", 1, nullptr, kAlgorithms},
                            {"pin-protocols", 1, nullptr, kProtocols},
                            {"touch", 1, nullptr, kTouch},
                            {"knob", 1, nullptr, kKnob},
                            {"background", 0, nullptr, kBackground},
                            {"die-with-parent", 0, nullptr, kDie},
                            {}};
  Arguments out;
  for (int found; (found = getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    const std::string value = optarg ? optarg : "";
    switch (found) {
      case kListen:
        out.listen = value;
        break;
      case kControl:
        out.control = value;
        break;
      case kState:
        out.state = value;
        break;
      case kPin:
        out.pin = value;
        break;
      case kUv:
        out.model.sensor = true;
        break;
      case kAlwaysUv:
        out.model.always_uv = true;
        break;
      case kAlgorithms:
        out.model.algorithms = algorithms_of(value);
        break;
      case kProtocols:
        out.model.pin_protocols = protocols_of(value);
        break;
      case kTouch:
        out.touch = value;
        break;
      case kKnob:
        out.knobs.push_back(value);
        break;
      case kBackground:
        out.background = true;
        break;
      case kDie:
        out.die_with_parent = true;
        break;
      default:
        give_up(std::string("bad arguments\n") + kUsage);
    }
  }
  if (out.background && out.die_with_parent) give_up("--background leaves its parent");
  if (out.listen.empty() || optind != argc) give_up(std::string("bad arguments\n") + kUsage);
  return out;
}

template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error().sentence);
  return std::move(result).value();
}

/// Lives on in a child; the parent prints its pid and leaves, so a script goes on when the sockets are there.
void go_to_background() {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) give_up("fork failed");
  if (child > 0) {
    std::printf("%d\n", child);
    std::exit(0);
  }
  if (!std::freopen("/dev/null", "r", stdin) || !std::freopen("/dev/null", "w", stdout)) give_up("/dev/null");
}

/// For whoever started us and reads our output: the sockets are there.
void say_ready() {
  std::puts("ready");
  std::fflush(stdout);
}

int serve(const Arguments &arguments) {
  StateFile storage = must(StateFile::open(arguments.state));
  if (!arguments.pin.empty() && storage.state.pin_hash.empty()) {
    storage.state.set_pin(arguments.pin);
    storage.save();
  }
  SoftKey key(arguments.model, storage);
  for (const std::string &pair : arguments.knobs) {
    const std::size_t middle = pair.find('=');
    if (middle == std::string::npos || !key.knobs.set(pair.substr(0, middle), pair.substr(middle + 1)))
      give_up("no such knob or value: " + pair);
  }
  bool quit = false;
  if (!carry_out({"touch", arguments.touch}, key, storage, false, Moment(), quit)->good)
    give_up("unknown touch " + arguments.touch);

  Server server = must(Server::listen(key, storage, arguments.listen, arguments.control));
  if (arguments.background)
    go_to_background();
  else
    say_ready();
  if (arguments.die_with_parent) prctl(PR_SET_PDEATHSIG, SIGTERM);

  sigset_t ends;
  sigemptyset(&ends);
  for (const int one : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ends, one);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  const Fd signals(signalfd(-1, &ends, SFD_CLOEXEC));
  must(server.run(signals));
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  try {
    return serve(parse(argc, argv));
  } catch (const std::exception &error) {
    give_up(error.what());
  }
}
