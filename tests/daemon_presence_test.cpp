/// find_place for real: on a private bus, against a logind that says what a table has.
#include "daemon/presence.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <optional>

#include "daemon/bus.h"
#include "daemon/mailbox.h"
#include "tests/check.h"
#include "tests/logind/scripted_logind.h"
#include "tests/private_machine.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr uid_t kAlice = 1000;
constexpr const char *kHere = "session uid=1000 pid=*\n";
constexpr const char *kOverSsh = "session uid=1000 pid=* remote=yes seat= service=sshd\n";

void drop_loop(sd_event *loop) {
  sd_event_unref(loop);
}

/// A bus of the test's own and a connection to it, on a loop. The caller is this very process.
class Machine {
 public:
  Machine() {
    sd_event *loop = nullptr;
    if (sd_event_new(&loop) < 0) throw std::runtime_error("sd_event_new");
    loop_.reset(loop);
    sd_bus *connection = nullptr;
    if (sd_bus_new(&connection) < 0) throw std::runtime_error("sd_bus_new");
    connection_.reset(connection);
    const std::string address = "unix:path=" + bus_.socket();
    if (sd_bus_set_address(connection, address.c_str()) < 0 || sd_bus_set_bus_client(connection, 1) < 0 ||
        sd_bus_start(connection) < 0 || sd_bus_attach_event(connection, loop, SD_EVENT_PRIORITY_NORMAL) < 0)
      throw std::runtime_error("connect");
  }

  [[nodiscard]] sd_event *loop() const { return loop_.get(); }
  [[nodiscard]] sd_bus *connection() const { return connection_.get(); }

  void run_until(const std::function<bool()> &done) const {
    while (!done())
      if (sd_event_run(loop(), UINT64_MAX) < 0) throw std::runtime_error("sd_event_run");
  }

  /// Once around to the bus and back, so that all that was on its way has arrived.
  void settle() const {
    sd_bus_message *pong = nullptr;
    CHECK(sd_bus_call_method(connection(), "org.freedesktop.login1", "/org/freedesktop/login1",
                             "org.freedesktop.login1.Manager", "ListSessions", nullptr, &pong, "") >= 0);
    sd_bus_message_unref(pong);
    while (sd_event_run(loop(), 0) > 0) {
    }
  }

 private:
  PrivateBus bus_;
  Handle<sd_event, drop_loop> loop_;
  Bus connection_;
};

LoginRequest request(const std::string &service = "sudo", const std::string &tty = "") {
  return {MUST(UserName::parse("alice")), service, tty, "", geteuid(), getpid()};
}

Task<void> note(Task<Place> asking, std::optional<Place> &place) {
  place = co_await asking;
}

Place place(const Machine &machine, const LoginRequest &login, std::optional<uid_t> target = kAlice) {
  std::optional<Place> found;
  Task<void> story = note(find_place(machine.loop(), machine.connection(), login, target), found);
  story.start();
  machine.run_until([&] { return story.done(); });
  CHECK(found);
  return *found;
}

/// Where sudo's caller is by this table.
Place place_by(const std::string &table, const LoginRequest &login = request()) {
  const Machine machine;
  const ScriptedLogind logind(table);
  return place(machine, login);
}

void a_person_in_front_of_the_machine_is_local() {
  CHECK(place_by(kHere) == Place::Local);
}

void a_person_over_the_network_is_remote() {
  CHECK(place_by(kOverSsh) == Place::Remote);
}

void the_session_is_the_callers_own_and_not_anybodys() {
  CHECK(place_by("session uid=1000 pid=1\n" +
                 ("session uid=1001 remote=yes seat= pid=" + std::to_string(getpid()))) == Place::Remote);
  CHECK(place_by("session uid=1000 remote=yes seat= pid=1\nsession uid=1001 pid=" +
                 std::to_string(getpid())) == Place::Local);
}

void a_terminal_of_the_desktop_is_local_unless_its_user_is_elsewhere_too() {
  CHECK(place_by("user uid=1000 pid=*\nsession uid=1000\n") == Place::Local);
  CHECK(place_by("user uid=1000 pid=*\nsession uid=1000\nsession uid=1000 remote=yes\n") == Place::Remote);
  CHECK(place_by("user uid=1000 pid=*\nsession uid=1001\n") == Place::Remote);
  CHECK(place_by("user uid=1000 pid=*\n") == Place::Remote);
}

void a_display_manager_is_local_and_sudo_in_a_service_is_not() {
  CHECK(place_by("", request("gdm-password", "/dev/tty1")) == Place::Local);
  CHECK(place_by("", request("gdm-password")) == Place::Local);
  CHECK(place_by("session uid=1000 remote=yes\n", request("gdm-password")) == Place::Remote);
  CHECK(place_by("session uid=1000\n", request("sudo")) == Place::Remote);
}

void polkits_helper_hears_of_everybody() {
  CHECK(place_by("session uid=1000\n", request("polkit-1")) == Place::Local);
  CHECK(place_by("session uid=1000\nsession uid=1001 remote=yes\n", request("polkit-1")) == Place::Remote);
}

void logind_is_not_asked_about_what_comes_over_the_network() {
  const Machine machine;
  ScriptedLogind logind(kHere);
  CHECK(place(machine, request("sshd")) == Place::Remote);
  LoginRequest from_afar = request();
  from_afar.remote_host = "192.0.2.1";
  CHECK(place(machine, from_afar) == Place::Remote);
  logind.set(kHere);
  CHECK(logind.calls().empty());
}

void without_logind_the_host_and_the_service_decide() {
  const Machine machine;
  CHECK(place(machine, request()) == Place::Local);
  CHECK(place(machine, request("sshd")) == Place::Remote);
}

void a_logind_that_should_be_there_and_is_not_makes_it_remote() {
  const Machine machine;
  CHECK(mkdir("/run/systemd", 0755) == 0 && mkdir("/run/systemd/seats", 0755) == 0);
  const Place found = place(machine, request());
  CHECK(rmdir("/run/systemd/seats") == 0 && rmdir("/run/systemd") == 0);
  CHECK(found == Place::Remote);
}

void a_silent_logind_costs_two_seconds_and_is_remote() {
  for (const char *method : {"GetSessionByPID", "GetAll"}) {
    const auto begin = std::chrono::steady_clock::now();
    CHECK(place_by(std::string(kHere) + "hang " + method) == Place::Remote);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(6));
  }
}

void a_slow_logind_has_two_seconds_in_all() {
  // Three answers, of which the last comes too late although its own question was put in time.
  CHECK(place_by(std::string(kHere) + "slow 900") == Place::Remote);
  std::string table = std::string(kHere) + "slow 400\n";
  for (int more = 0; more < 14; ++more) table += "session uid=1000\n";
  const Machine machine;
  ScriptedLogind logind(table);
  CHECK(place(machine, request()) == Place::Remote);
  CHECK(logind.calls().size() <= 5);
}

void a_logind_that_refuses_is_remote() {
  for (const char *method : {"GetSessionByPID", "ListSessions", "GetAll"})
    CHECK(place_by(std::string(kHere) + "refuse " + method) == Place::Remote);
  for (const char *method : {"GetUserByPID", "ListSessions", "Get", "GetAll"})
    CHECK(place_by("user uid=1000 pid=*\nsession uid=1000\nrefuse " + std::string(method)) == Place::Remote);
}

void a_logind_that_talks_nonsense_is_remote() {
  for (const char *method : {"GetSessionByPID", "ListSessions", "GetAll"})
    CHECK(place_by(std::string(kHere) + "nonsense " + method) == Place::Remote);
  for (const char *method : {"GetUserByPID", "ListSessions", "Get", "GetAll"})
    CHECK(place_by("user uid=1000 pid=*\nsession uid=1000\nnonsense " + std::string(method)) ==
          Place::Remote);
}

void what_a_session_does_not_say_is_not_assumed() {
  for (const char *property : {"User", "Seat", "Class", "Service", "State", "Remote", "Active"}) {
    CHECK(place_by(std::string(kHere) + "lack " + property) == Place::Remote);
    CHECK(place_by(std::string(kHere) + "mistype " + property) == Place::Remote);
  }
  CHECK(place_by(std::string(kHere) + "lack Type\nmistype Leader") == Place::Local);
}

void a_session_that_turns_remote_is_seen_the_next_time() {
  const Machine machine;
  const ScriptedLogind logind(std::string(kHere) + "turn\n");
  CHECK(place(machine, request()) == Place::Local);
  CHECK(place(machine, request()) == Place::Remote);
}

void sixteen_sessions_are_looked_at_and_not_one_more() {
  std::string table = kHere;
  for (int more = 1; more < 16; ++more) table += "session uid=1000\n";
  CHECK(place_by(table) == Place::Local);
  CHECK(place_by(table + "session uid=1000\n") == Place::Remote);
  CHECK(place_by(table + "session uid=1001\n") == Place::Local);
}

void a_huge_list_is_not_read_to_its_end() {
  CHECK(place_by(std::string(kHere) + "crowd 1023") == Place::Local);
  CHECK(place_by(std::string(kHere) + "crowd 1024") == Place::Remote);
  CHECK(place_by(std::string(kHere) + "crowd 200000") == Place::Remote);
}

void a_logind_that_is_not_roots_is_not_believed() {
  if (!can_change_user()) throw Skipped("needs more than one user");
  const Machine machine;
  ScriptedLogind logind(kHere, kDaemonUid);
  CHECK(place(machine, request()) == Place::Remote);
  CHECK(logind.calls().empty());
}

void a_process_that_has_ended_is_remote() {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) _exit(0);
  siginfo_t ended{};
  CHECK(waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) ==
        0);  // its number is still taken
  LoginRequest login = request();
  login.caller_pid = child;
  CHECK(place_by(kHere, login) == Place::Remote);
  CHECK(waitpid(child, nullptr, 0) == child);
  CHECK(place_by(kHere, login) == Place::Remote);
}

void a_number_that_somebody_else_has_by_now_is_remote() {
  LoginRequest login = request();
  login.caller_uid = kAlice;
  CHECK(place_by(kHere, login) == Place::Remote);
}

void a_caller_without_a_number_is_remote() {
  LoginRequest login = request();
  for (const pid_t number : {0, -1}) {
    login.caller_pid = number;
    CHECK(place_by(kHere, login) == Place::Remote);
  }
}

void dropping_the_story_forgets_the_question() {
  for (const char *method : {"GetSessionByPID", "ListSessions", "GetAll"}) {
    const Machine machine;
    ScriptedLogind logind(std::string(kHere) + "hold " + method);
    std::optional<Place> found;
    const LoginRequest login = request();
    {
      Task<void> story = note(find_place(machine.loop(), machine.connection(), login, kAlice), found);
      story.start();
      bool asked = false;
      EventSource told;
      sd_event_source *source = nullptr;
      const auto hear = [](sd_event_source *, int, std::uint32_t, void *) { return 0; };
      CHECK(sd_event_add_io(machine.loop(), &source, logind.output(), POLLIN, hear, nullptr) >= 0);
      told.reset(source);
      machine.run_until([&] {
        for (const std::string &call : logind.calls()) asked |= call == method;
        return asked;
      });
      CHECK(!story.done());
    }
    logind.set(kHere);  // answers what was held: to nobody
    machine.settle();
    CHECK(!found);
    CHECK(place(machine, login) == Place::Local);
  }
}

void two_stories_do_not_get_each_others_answers() {
  const Machine machine;
  const ScriptedLogind logind("session uid=1000 pid=" + std::to_string(getpid()) +
                              "\nsession uid=1001 remote=yes pid=*\n");
  const LoginRequest here = request();
  LoginRequest there = request();
  there.caller_pid = 1;
  std::optional<Place> first;
  std::optional<Place> second;
  Task<void> one = note(find_place(machine.loop(), machine.connection(), here, kAlice), first);
  Task<void> other = note(find_place(machine.loop(), machine.connection(), there, kAlice), second);
  one.start();
  other.start();
  machine.run_until([&] { return one.done() && other.done(); });
  CHECK(first == Place::Local);
  CHECK(second == Place::Remote);
}

}  // namespace

int main() {
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(a_person_in_front_of_the_machine_is_local),
      TEST(a_person_over_the_network_is_remote),
      TEST(the_session_is_the_callers_own_and_not_anybodys),
      TEST(a_terminal_of_the_desktop_is_local_unless_its_user_is_elsewhere_too),
      TEST(a_display_manager_is_local_and_sudo_in_a_service_is_not),
      TEST(polkits_helper_hears_of_everybody),
      TEST(logind_is_not_asked_about_what_comes_over_the_network),
      TEST(without_logind_the_host_and_the_service_decide),
      TEST(a_logind_that_should_be_there_and_is_not_makes_it_remote),
      TEST(a_silent_logind_costs_two_seconds_and_is_remote),
      TEST(a_slow_logind_has_two_seconds_in_all),
      TEST(a_logind_that_refuses_is_remote),
      TEST(a_logind_that_talks_nonsense_is_remote),
      TEST(what_a_session_does_not_say_is_not_assumed),
      TEST(a_session_that_turns_remote_is_seen_the_next_time),
      TEST(sixteen_sessions_are_looked_at_and_not_one_more),
      TEST(a_huge_list_is_not_read_to_its_end),
      TEST(a_logind_that_is_not_roots_is_not_believed),
      TEST(a_process_that_has_ended_is_remote),
      TEST(a_number_that_somebody_else_has_by_now_is_remote),
      TEST(a_caller_without_a_number_is_remote),
      TEST(dropping_the_story_forgets_the_question),
      TEST(two_stories_do_not_get_each_others_answers),
  };
  return cmocka_run_group_tests_name("presence", tests, nullptr, nullptr);
}
