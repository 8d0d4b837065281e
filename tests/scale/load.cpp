/// load: many callers of the daemon in one process, for scale.sh. Each has a connection to the bus of its
/// own, or shares one with others, and does as its line on standard input says.
///
/// usage: load CALLERS_PER_CONNECTION, with lines of: USER SERVICE RHOST WHAT TEXT ("-": none)
///   WHAT  end       answers every question with an empty line, to the end
///         secret    types TEXT at the first question that is no Offer, nothing at any other
///         password  types a password at the Offer: goes away
///         hold      leaves the first question unanswered
///         deaf      calls and reads no answer
/// Prints "begun" when each has come to its question or its end, waits until standard input ends after an
/// empty line, and prints for each line, in order, what came of it.
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <list>
#include <sstream>
#include <string>
#include <vector>

#include "common/handle.h"
#include "common/secret.h"

namespace {

using namespace passkeyd;

constexpr const char *kService = "org.passkeyd1";
constexpr const char *kManager = "org.passkeyd1.Manager";
constexpr const char *kAttempt = "org.passkeyd1.Attempt";
constexpr std::uint64_t kPatience = 120'000'000;

void must(int result, const char *what) {
  if (result >= 0) return;
  std::fprintf(stderr, "load: %s: %d\n", what, result);
  std::exit(2);
}

std::size_t open_stories = 0;
sd_event *loop = nullptr;

struct Caller {
  sd_bus *bus = nullptr;
  std::string user, service, rhost, what, text, path;
  std::string result;
  bool typed = false;

  void begin();
  void next(bool answer);
  void ends(std::string how) {
    if (!result.empty()) return;
    result = std::move(how);
    --open_stories;
  }
  static int on_begun(sd_bus_message *reply, void *of, sd_bus_error *);
  static int on_step(sd_bus_message *reply, void *of, sd_bus_error *);
};

int append(sd_bus_message *call, const char *key, const std::string &value) {
  return value == "-" ? 0 : sd_bus_message_append(call, "{sv}", key, "s", value.c_str());
}

void Caller::begin() {
  sd_bus_message *call = nullptr;
  must(sd_bus_message_new_method_call(bus, &call, kService, "/org/passkeyd1", kManager, "BeginLogin"),
       "call");
  must(sd_bus_message_open_container(call, 'a', "{sv}"), "open");
  append(call, "user", user);
  append(call, "service", service);
  append(call, "rhost", rhost);
  append(call, "first", what == "password" || what == "hold" ? "either" : "passkey");
  must(sd_bus_message_close_container(call), "close");
  must(sd_bus_call_async(bus, nullptr, call, on_begun, this, kPatience), "begin");
  sd_bus_message_unref(call);
  if (what == "deaf") ends("deaf");
}

void Caller::next(bool answer) {
  sd_bus_message *call = nullptr;
  must(sd_bus_message_new_method_call(bus, &call, kService, path.c_str(), kAttempt, "Next"), "call");
  must(sd_bus_message_open_container(call, 'a', "{sv}"), "open");
  if (answer && what == "secret" && !typed) {
    typed = true;
    Result<Secret> secret = Secret::parse(text);
    Result<Fd> file = to_memfd(secret.value());
    must(sd_bus_message_append(call, "{sv}", "secret", "h", file.value().get()), "secret");
  } else if (answer) {
    must(sd_bus_message_append(call, "{sv}", "empty", "b", 1), "empty");
  }
  must(sd_bus_message_close_container(call), "close");
  must(sd_bus_call_async(bus, nullptr, call, on_step, this, kPatience), "next");
  sd_bus_message_unref(call);
}

int Caller::on_begun(sd_bus_message *reply, void *of, sd_bus_error *) {
  auto &self = *static_cast<Caller *>(of);
  const char *path = nullptr;
  if (const sd_bus_error *error = sd_bus_message_get_error(reply); error != nullptr) {
    self.ends(error->name);
  } else if (sd_bus_message_read(reply, "o", &path) > 0) {
    self.path = path;
    self.next(false);
  }
  return 0;
}

int Caller::on_step(sd_bus_message *reply, void *of, sd_bus_error *) {
  auto &self = *static_cast<Caller *>(of);
  if (const sd_bus_error *error = sd_bus_message_get_error(reply); error != nullptr) {
    self.ends(error->name);
    return 0;
  }
  const char *step = nullptr;
  std::string message;
  must(sd_bus_message_read(reply, "s", &step), "step");
  must(sd_bus_message_enter_container(reply, 'a', "{sv}"), "details");
  while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
    const char *key = nullptr;
    const char *value = nullptr;
    must(sd_bus_message_read(reply, "s", &key), "key");
    if (std::string(key) == "message")
      must(sd_bus_message_read(reply, "v", "s", &value), "message");
    else
      must(sd_bus_message_skip(reply, "v"), "detail");
    if (value != nullptr) message = value;
    must(sd_bus_message_exit_container(reply), "entry");
  }
  const std::string said = step;
  if (said == "tell") {
    self.next(false);
  } else if (said == "granted" || said == "denied" || said == "unavailable") {
    self.ends(said + " " + message);
  } else if (self.what == "hold") {
    self.ends("holds");
  } else if (self.what == "password" && said == "offer") {
    must(sd_bus_call_method_async(self.bus, nullptr, kService, self.path.c_str(), kAttempt, "Cancel", nullptr,
                                  nullptr, ""),
         "cancel");
    self.ends("password");
  } else {
    self.next(true);
  }
  return 0;
}

sd_bus *connect() {
  sd_bus *bus = nullptr;
  must(sd_bus_open_system(&bus), "connect");
  must(sd_bus_attach_event(bus, loop, SD_EVENT_PRIORITY_NORMAL), "attach");
  return bus;
}

}  // namespace

int main(int, char **argv) {
  must(sd_event_new(&loop), "loop");
  const int each = std::atoi(argv[1]);
  std::list<Caller> callers;
  sd_bus *bus = nullptr;
  std::string line;
  while (std::getline(std::cin, line) && !line.empty()) {
    Caller &caller = callers.emplace_back();
    std::istringstream(line) >> caller.user >> caller.service >> caller.rhost >> caller.what >> caller.text;
    if (bus == nullptr || callers.size() % static_cast<std::size_t>(each) == 1 || each == 1) bus = connect();
    caller.bus = bus;
  }
  open_stories = callers.size();
  for (Caller &caller : callers) caller.begin();
  for (Caller &caller : callers) {
    if (caller.what != "deaf") continue;
    sd_bus_flush(caller.bus);
    sd_bus_detach_event(caller.bus);
  }
  while (open_stories > 0) must(sd_event_run(loop, UINT64_MAX), "run");
  std::puts("begun");
  std::fflush(stdout);
  while (std::getline(std::cin, line)) continue;
  for (const Caller &caller : callers) std::puts(caller.result.c_str());
  std::fflush(stdout);
  std::_Exit(0);
}
