/// A logind that says what a table has (tests/logind/table.h), under logind's name on a bus.
///
///   logind --table FILE [--bus SOCKET] [--uid NUMBER]
///
/// Reads FILE again on SIGHUP. Says on standard output, a line each: "ready" once it owns the name, "read"
/// after SIGHUP, and the method of every call, with what it ends: "TerminateUser 1000". Ends with its bus, or
/// by a signal.
#include <signal.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "tests/logind/answers.h"

namespace {

using namespace passkeyd::test::logind;

struct Logind {
  std::string file;
  Table table;
  sd_event *loop = nullptr;
  bool turned = false;
  std::vector<Message> held = {};
};

void must(int code, const char *what) {
  if (code >= 0) return;
  std::fprintf(stderr, "logind: %s: %s\n", what, std::strerror(-code));
  std::exit(1);
}

void say(const char *line) {
  std::printf("%s\n", line);
  std::fflush(stdout);
}

/// The method; of those that end something, also what.
std::string line_of(sd_bus_message *call, const std::string &method) {
  const char *session = nullptr;
  std::uint32_t user = 0;
  if (method == "TerminateSession" && sd_bus_message_read(call, "s", &session) > 0)
    return method + " " + session;
  if (method == "TerminateUser" && sd_bus_message_read(call, "u", &user) > 0)
    return method + " " + std::to_string(user);
  return method;
}

void send(Message reply) {
  sd_bus_send(nullptr, reply.get(), nullptr);  // whoever asked may have gone
}

int send_later(sd_event_source *, std::uint64_t, void *reply) {
  send(Message(static_cast<sd_bus_message *>(reply)));
  return 0;
}

int on_call(sd_bus_message *call, void *self, sd_bus_error *) {
  auto &logind = *static_cast<Logind *>(self);
  if (sd_bus_message_is_method_call(call, nullptr, nullptr) <= 0) return 0;
  const std::string method = sd_bus_message_get_member(call);
  say(line_of(call, method).c_str());
  const auto manner = logind.table.manners.find(method);
  if (manner != logind.table.manners.end() && manner->second == Manner::Hang) return 1;
  Message reply = answer(call, logind.table, logind.turned);
  if (logind.table.turning && method == "GetAll") logind.turned = !logind.turned;
  if (manner != logind.table.manners.end() && manner->second == Manner::Hold)
    logind.held.push_back(std::move(reply));
  else if (logind.table.delay > 0)
    must(sd_event_add_time_relative(logind.loop, nullptr, CLOCK_MONOTONIC, logind.table.delay * 1000, 1,
                                    send_later, reply.release()),
         "timer");
  else
    send(std::move(reply));
  return 1;
}

int on_hangup(sd_event_source *, const signalfd_siginfo *, void *self) {
  auto &logind = *static_cast<Logind *>(self);
  for (Message &reply : std::exchange(logind.held, {})) send(std::move(reply));
  logind.table = read_table(logind.file);
  logind.turned = false;
  say("read");
  return 0;
}

int serve(const std::string &file, const std::string &socket) {
  Logind logind{file, read_table(file)};
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGHUP);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  must(sd_event_new(&logind.loop), "loop");
  must(sd_event_add_signal(logind.loop, nullptr, SIGHUP, on_hangup, &logind), "SIGHUP");
  sd_bus *bus = nullptr;
  must(sd_bus_new(&bus), "bus");
  must(sd_bus_set_address(bus, ("unix:path=" + socket).c_str()), "address");
  must(sd_bus_set_bus_client(bus, 1), "client");
  must(sd_bus_start(bus), socket.c_str());
  must(sd_bus_add_filter(bus, nullptr, on_call, &logind), "filter");
  must(sd_bus_attach_event(bus, logind.loop, SD_EVENT_PRIORITY_NORMAL), "attach");
  must(sd_bus_set_exit_on_disconnect(bus, 1), "exit");
  must(sd_bus_request_name(bus, "org.freedesktop.login1", 0), "own the name");
  say("ready");
  return sd_event_loop(logind.loop);
}

}  // namespace

int main(int argc, char **argv) {
  std::string file;
  std::string socket = "/run/dbus/system_bus_socket";
  uid_t uid = geteuid();
  CLI::App app("A logind that says what a table has.", "logind");
  app.add_option("--table", file, "see tests/logind/table.h")->required();
  app.add_option("--bus", socket, "the bus's socket")->capture_default_str();
  app.add_option("--uid", uid, "the user to run as");
  CLI11_PARSE(app, argc, argv);
  if (uid != geteuid() && (setgid(uid) != 0 || setuid(uid) != 0)) must(-errno, "change user");
  try {
    return serve(file, socket);
  } catch (const std::exception &problem) {
    std::fprintf(stderr, "logind: %s\n", problem.what());
    return 1;
  }
}
