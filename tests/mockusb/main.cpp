/// mockusb: runs a command on a machine that seems to have security keys in its USB ports. See README.md.
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "tests/mockusb/mock_usb.h"
#include "tests/softkey/control.h"

using namespace passkeyd;
using namespace passkeyd::mockusb;
using softkey::Control;

namespace {

constexpr const char *kUsage =
    "usage: mockusb [--key-socket SOCKET]... [--unplugged] [--control SOCKET] [--open-to USER|:GROUP]\n"
    "               [--env-file FILE] [--wait SECONDS] [--die-with-parent] [--] [COMMAND ARGUMENT...]\n";
constexpr int kCannot = 125;  // our own trouble, as env(1) and timeout(1) have it

struct Arguments {
  std::vector<std::string> key_sockets;
  std::string control, env_file;
  Access access;
  bool unplugged = false;
  bool die_with_parent = false;
  int wait_seconds = 10;
  char **command = nullptr;  ///< null: none
};

[[noreturn]] void give_up(const std::string &why) {
  std::fprintf(stderr, "mockusb: %s\n", why.c_str());
  std::exit(kCannot);
}

std::optional<unsigned> number_of(const std::string &text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Access access_of(const std::string &who) {
  Access out;
  if (who.starts_with(':')) {
    const std::string name = who.substr(1);
    const group *entry = getgrnam(name.c_str());
    out.group = entry ? std::optional(entry->gr_gid) : number_of(name);
    if (!out.group) give_up("no such group: " + name);
    return out;
  }
  const passwd *entry = getpwnam(who.c_str());
  out.user = entry ? std::optional(entry->pw_uid) : number_of(who);
  if (!out.user) give_up("no such user: " + who);
  return out;
}

Arguments parse(int argc, char **argv) {
  enum { kKey = 1, kUnplugged, kControl, kOpenTo, kEnvFile, kWait, kDie };
  const option options[] = {{"key-socket", 1, nullptr, kKey},      {"unplugged", 0, nullptr, kUnplugged},
                            {"control", 1, nullptr, kControl},     {"open-to", 1, nullptr, kOpenTo},
                            {"env-file", 1, nullptr, kEnvFile},    {"wait", 1, nullptr, kWait},
                            {"die-with-parent", 0, nullptr, kDie}, {}};
  Arguments out;
  for (int found; (found = getopt_long(argc, argv, "+", options, nullptr)) != -1;) {
    const std::string value = optarg ? optarg : "";
    switch (found) {
      case kKey:
        out.key_sockets.push_back(value);
        break;
      case kUnplugged:
        out.unplugged = true;
        break;
      case kControl:
        out.control = value;
        break;
      case kOpenTo:
        out.access = access_of(value);
        break;
      case kEnvFile:
        out.env_file = value;
        break;
      case kDie:
        out.die_with_parent = true;
        break;
      case kWait:
        out.wait_seconds = static_cast<int>(number_of(value).value_or(10));
        break;
      default:
        give_up(std::string("bad arguments\n") + kUsage);
    }
  }
  if (optind < argc) out.command = argv + optind;
  if (!out.command && out.control.empty() && out.env_file.empty())
    give_up(std::string("nothing to do\n") + kUsage);
  return out;
}

/// Plugs a key in whose program may still be starting.
void plug_when_there(MockUsb &usb, std::size_t port, int seconds) {
  constexpr int kPause = 20;  // ms; nothing announces that another program's socket begins to listen
  for (int waited = 0;; waited += kPause) {
    const Status done = usb.plug(port);
    if (done) return;
    if (waited >= seconds * 1000) give_up("port " + std::to_string(port) + ": " + done.error().sentence);
    poll(nullptr, 0, kPause);
  }
}

/// Starts the command with the mock's environment and without our signal mask.
pid_t start(char **command, const std::vector<std::string> &settings) {
  for (const std::string &one : settings) {
    const std::size_t middle = one.find('=');
    setenv(one.substr(0, middle).c_str(), one.substr(middle + 1).c_str(), 1);
  }
  const pid_t child = fork();
  if (child != 0) {
    for (const std::string &one : settings) unsetenv(one.substr(0, one.find('=')).c_str());
    return child;
  }
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp(command[0], command);
  std::fprintf(stderr, "mockusb: %s: %s\n", command[0], std::strerror(errno));
  _exit(errno == ENOENT ? 127 : 126);
}

Control::Answer carry_out(const Control::Words &words, MockUsb &usb, bool &quit) {
  const auto answer = [](const Status &status) {
    return status ? Control::Answer{true, {}} : Control::Answer{false, status.error().sentence};
  };
  const std::string verb = words.empty() ? "" : words[0];
  const std::size_t port = number_of(words.size() > 1 ? words[1] : "").value_or(9999);
  if (verb == "plug") return answer(usb.plug(port));
  if (verb == "unplug") return answer(usb.unplug(port));
  if (verb == "list") {
    std::string out;
    for (std::size_t at = 0; at < usb.ports(); ++at) {
      const std::string node = usb.node(at);
      out += std::to_string(at) + " " + (node.empty() ? "unplugged" : node) + "\n";
    }
    return {true, out};
  }
  if (verb == "environment") {
    std::string out;
    for (const std::string &one : usb.environment()) out += one + "\n";
    return {true, out};
  }
  if (verb == "quit") {
    quit = true;
    return {};
  }
  return {false, "commands: plug N, unplug N, list, environment, quit"};
}

/// Serves until the command ends (or, without one, until told to quit) and gives the exit status.
int serve(MockUsb &usb, std::optional<Control> control, const Fd &signals, pid_t child) {
  for (bool quit = false; !quit;) {
    std::vector<pollfd> fds = {{signals.get(), POLLIN, 0}};
    if (control) control->watch(fds);
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) give_up("poll failed");

    signalfd_siginfo signal{};
    while (read(signals.get(), &signal, sizeof signal) == sizeof signal) {
      const int number = static_cast<int>(signal.ssi_signo);
      if (number != SIGCHLD && child > 0) kill(child, number);
      if (number != SIGCHLD && child < 0) return 0;
    }
    int status = 0;
    if (child > 0 && waitpid(child, &status, WNOHANG) == child)
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (control) control->serve([&](const Control::Words &words) { return carry_out(words, usb, quit); });
  }
  if (child > 0) {
    kill(child, SIGTERM);
    waitpid(child, nullptr, 0);
  }
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  const Arguments arguments = parse(argc, argv);
  sigset_t handled;
  sigemptyset(&handled);
  for (const int one : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) sigaddset(&handled, one);
  sigprocmask(SIG_BLOCK, &handled, nullptr);  // before any thread starts
  const Fd signals(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));

  auto usb = MockUsb::make(arguments.key_sockets, arguments.access);
  if (!usb) give_up(usb.error().sentence);
  MockUsb &mock = *usb.value();
  for (std::size_t at = 0; !arguments.unplugged && at < mock.ports(); ++at)
    plug_when_there(mock, at, arguments.wait_seconds);

  std::optional<Control> control;
  if (!arguments.control.empty()) {
    auto listening = Control::listen(arguments.control);
    if (!listening) give_up(listening.error().sentence);
    control = std::move(listening).value();
  }
  if (!arguments.env_file.empty()) {
    // Written beside and renamed: who sees the file sees all of it.
    const std::string fresh = arguments.env_file + ".new";
    std::ofstream file(fresh);
    for (const std::string &one : mock.environment()) file << one << "\n";
    file.close();
    if (!file || std::rename(fresh.c_str(), arguments.env_file.c_str()) != 0)
      give_up("cannot write " + arguments.env_file);
  }

  if (arguments.die_with_parent) prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (!arguments.command) {
    std::puts("ready");  // for whoever started us and reads our output
    std::fflush(stdout);
  }

  const pid_t child = arguments.command ? start(arguments.command, mock.environment()) : -1;
  const int status = serve(mock, std::move(control), signals, child);
  if (!arguments.control.empty()) unlink(arguments.control.c_str());
  if (!arguments.env_file.empty()) unlink(arguments.env_file.c_str());
  return status;
}
