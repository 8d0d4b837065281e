/// The dialogue against a scripted daemon on a private bus: what it says, what it sends, and how it gives up.
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "client/dialogue.h"
#include "client/records.h"
#include "tests/check.h"
#include "tests/private_machine.h"
#include "tests/scripted_conversation.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::next;  // and not the vocabulary's namespace of that name

UserName name(const char *text) {
  return MUST(UserName::parse(text));
}

struct Ran {
  Outcome outcome;
  std::vector<std::string> said;
};

/// One login as alice, on a connection that is closed before this returns.
Ran login(std::deque<Reply> replies = {}, Patience patience = Patience(seconds(60))) {
  ScriptedConversation conversation(std::move(replies));
  Result<Bus> bus = Bus::open(patience);
  if (!bus)
    return {{Ending::Unavailable, {std::string(name_of(bus.error().kind))}, bus.error().sentence}, {}};
  Outcome outcome = run_login(bus.value(), {name("alice"), "greeter"}, conversation, patience);
  return {std::move(outcome), conversation.said};
}

const Event kBegin = begins("user=alice service=greeter");

bool is_fault(const Outcome &outcome, const char *message) {
  return outcome.ending == Ending::Unavailable && outcome.details.message == message &&
         !outcome.fault.empty();
}

// --- what is said and sent
// ---------------------------------------------------------------------------------------

void a_touch_lets_in() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, next("", "tell", {{"message", "touch"}, {"device", "Solo 2"}}),
                         next("", "granted", {{"message", "welcome"}, {"credential", "c0ffee"}})});
  const Ran ran = login();
  CHECK(ran.outcome.ending == Ending::Granted);
  CHECK(ran.outcome.details.credential == "c0ffee");
  CHECK(ran.said == std::vector<std::string>{"cue: Touch your Solo 2."});
  daemon.must_be_done();
}

void a_pin_travels_as_a_sealed_memory_file() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {kBegin, next("", "ask-secret", {{"message", "pin-key"}, {"device", "Solo 2"}, {"tries-left", 3U}}),
       next(" secret=1234", "granted")});
  const Ran ran = login({"1234"});
  CHECK(ran.outcome.ending == Ending::Granted);
  CHECK(ran.said ==
        std::vector<std::string>{"secret: PIN of your Solo 2, or Enter to skip (3 tries left): "});
  daemon.must_be_done();
}

void an_empty_line_steps_down_and_sends_no_secret() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, next("", "ask-secret", {{"message", "pin-key"}}),
                         next(" empty", "unavailable", {{"message", "cancelled"}})});
  const Ran ran = login({""});
  CHECK(ran.outcome.ending == Ending::Unavailable);
  CHECK(ran.outcome.fault.empty());
  daemon.must_be_done();
}

void a_failed_conversation_cancels_the_attempt_and_sends_nothing() {
  const PrivateBus bus;
  for (const char *question : {"ask-secret", "ask"}) {
    ScriptedDaemon daemon(
        {kBegin, next("", question, {{"message", "pin-key"}}), {"Cancel", nothing()}, {"gone", nothing()}});
    CHECK(is_fault(login({kFails}).outcome, "cancelled"));
    daemon.must_be_done();
  }
}

void texts_and_choices_go_back_as_given() {
  const PrivateBus bus;
  const std::vector<std::string> keys = {"Solo 2", "blue\nkey"};
  ScriptedDaemon daemon({kBegin, next("", "choose", {{"message", "choose-device"}, {"options", keys}}),
                         next(" choice=1", "ask", {{"message", "touch"}}),
                         next(" text=f\xc3\xbcnf", "denied", {{"message", "denied"}})});
  const Ran ran = login({"1", "f\xc3\xbcnf"});
  CHECK(ran.outcome.ending == Ending::Denied);
  CHECK(ran.said.front() == "choose: Number of the device to use: [Solo 2][blue?key]");
  daemon.must_be_done();
}

void hints_are_sent_cleaned_and_never_dropped() {
  const PrivateBus bus;
  const std::string cut(255, 'h');
  ScriptedDaemon daemon({begins("user=alice service=s? tty=? rhost=" + cut), next("", "granted")});
  Patience patience(seconds(60));
  Bus connection = MUST(Bus::open(patience));
  ScriptedConversation conversation;
  const LoginRequest request{name("alice"), "s\n", "\xff", std::string(4000, 'h')};
  CHECK(run_login(connection, request, conversation, patience).ending == Ending::Granted);
  daemon.must_be_done();
}

void an_enrollment_goes_the_same_way() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"BeginEnrollment user=alice way=tpm name=work", attempt()},
                         next("", "ask-secret", {{"message", "new-pin-platform"}}),
                         next(" secret=2468", "granted", {{"message", "enrolled"}, {"name", "work"}})});
  Patience patience(seconds(60));
  Bus connection = MUST(Bus::open(patience));
  ScriptedConversation conversation({"2468"});
  CHECK(run_enrollment(connection, {name("alice"), Way::Tpm, "work"}, conversation, patience).ending ==
        Ending::Granted);
  daemon.must_be_done();
}

// --- how it gives up
// ---------------------------------------------------------------------------------------------

void closing_the_connection_is_seen_by_the_daemon() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, next("", "denied"), {"gone", nothing()}});
  CHECK(login().outcome.ending == Ending::Denied);
  daemon.must_be_done();
}

void without_a_bus_there_is_no_verdict() {
  CHECK(is_fault(login().outcome, "disconnected"));
}

void without_a_daemon_there_is_no_verdict() {
  const PrivateBus bus;
  CHECK(is_fault(login().outcome, "disconnected"));
}

/// A bus that accepts and is never heard of again.
void a_silent_bus_is_not_waited_for_beyond_patience() {
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {AF_UNIX, {}};
  std::strcpy(address.sun_path, bus::kSystemBusSocket);
  CHECK(bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0 &&
        listen(listener, 4) == 0);
  const Ran ran = login({}, Patience(milliseconds(200)));
  close(listener);
  unlink(bus::kSystemBusSocket);
  CHECK(is_fault(ran.outcome, "timeout"));
}

void a_daemon_that_hangs_is_not_waited_for_beyond_patience() {
  const PrivateBus bus;
  {
    ScriptedDaemon daemon({{kBegin.expected, hang()}});
    CHECK(is_fault(login({}, Patience(milliseconds(300))).outcome, "timeout"));
    daemon.must_be_done();
  }
  ScriptedDaemon daemon({kBegin, {"Next", hang()}, {"Cancel", nothing()}, {"gone", nothing()}});
  CHECK(is_fault(login({}, Patience(milliseconds(300))).outcome, "timeout"));
  daemon.must_be_done();
}

void a_daemon_that_vanishes_gives_no_verdict() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, next("", "tell", {{"message", "touch"}}), {"Next", vanish()}});
  CHECK(is_fault(login().outcome, "disconnected"));
  daemon.must_be_done();
}

void an_attempt_without_end_is_ended() {
  const PrivateBus bus;
  std::vector<Event> script = {kBegin};
  for (int steps = 0; steps < kMaxSteps; ++steps)
    script.push_back(next("", "tell", {{"message", "working"}}));
  script.push_back({"Cancel", nothing()});
  ScriptedDaemon daemon(script);
  CHECK(is_fault(login().outcome, "malformed"));
  daemon.must_be_done();
}

void every_malformed_answer_is_no_verdict() {
  const PrivateBus bus;
  const std::vector<Reaction> answers = {
      step("GRANTED"),
      step(""),
      step("granted\n"),
      step("granted", {{"message", 7U}}),
      step("granted", {{"credential", true}}),
      step("granted", {{"tries-left", "3"}}),
      step("granted", {{"options", "a"}}),
      step("granted", {{"codes-left", "3"}}),
      step("granted", {{"next", 1U}}),
      step("granted", {{"user", "bob\n"}}),
      step("granted", {{"user", std::string(300, 'b')}}),
      step("offer", {{"message", "password-or-pin"}, {"accepts-pin", "yes"}}),
      step("offer"),
      step("tell"),
      step("ask-secret", {{"device", "Solo 2"}}),
      step("choose", {{"message", "choose-device"}}),
      step("choose", {{"message", "choose-device"}, {"options", std::vector<std::string>(17, "x")}}),
      append([](sd_bus_message *) { return 0; }),
      append([](sd_bus_message *m) { return sd_bus_message_append(m, "s", "granted"); }),
      append([](sd_bus_message *m) { return sd_bus_message_append(m, "sa{ss}", "granted", 0); }),
      append([](sd_bus_message *m) { return sd_bus_message_append(m, "sa{sv}s", "granted", 0, "more"); }),
      append([](sd_bus_message *m) { return sd_bus_message_append(m, "bs", 1, "granted"); }),
  };
  for (const Reaction &answer : answers) {
    ScriptedDaemon daemon({kBegin, {"Next", answer}, {"Cancel", nothing()}});
    CHECK(is_fault(login({"1"}).outcome, "malformed"));
    daemon.must_be_done();
  }
}

void an_attempt_that_is_no_object_path_is_no_attempt() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {{kBegin.expected, append([](sd_bus_message *m) { return sd_bus_message_append(m, "s", "/x"); })}});
  CHECK(is_fault(login().outcome, "malformed"));
  daemon.must_be_done();
}

void what_a_newer_daemon_adds_is_skipped() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {kBegin, next("", "granted", {{"color", "blue"}, {"sizes", std::vector<std::string>{"1"}}})});
  CHECK(login().outcome.ending == Ending::Granted);
  daemon.must_be_done();
}

void control_characters_never_reach_the_person() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {kBegin, next("", "tell", {{"message", "touch"}, {"device", "\x1b]0;x\x07" + std::string(4000, 'y')}}),
       next("", "unavailable", {{"message", "\x1b[2J"}})});
  const Ran ran = login();
  CHECK(ran.said.front().starts_with("cue: Touch your ?]0;x?yyy"));
  CHECK(ran.said.front().size() < 120);
  CHECK(ran.outcome.details.message == "?[2J");
  daemon.must_be_done();
}

void the_daemons_errors_keep_their_kind() {
  const PrivateBus bus;
  const std::pair<const char *, const char *> kinds[] = {
      {"org.passkeyd1.Error.NotAllowed", "not-allowed"},
      {"org.passkeyd1.Error.Limited", "limited"},
      {"org.passkeyd1.Error.UvFailed", "uv-failed"},
      {"org.passkeyd1.Error.Newfangled", "internal"},
      {"org.freedesktop.DBus.Error.AccessDenied", "not-allowed"},
      {"com.example.Whatever", "internal"},
  };
  for (const auto &[sent, kind] : kinds) {
    ScriptedDaemon daemon({{kBegin.expected, error(sent)}});
    CHECK(is_fault(login().outcome, kind));
    daemon.must_be_done();
  }
}

// --- who answers
// -------------------------------------------------------------------------------------------------

void a_stranger_who_owns_the_name_is_asked_nothing() {
  if (!can_change_user()) throw Skipped("needs to become another user");
  const PrivateBus bus;
  ScriptedDaemon stranger({}, {.uid = 65534});
  const Outcome outcome = login().outcome;
  CHECK(is_fault(outcome, "disconnected"));
  CHECK(outcome.fault.find("65534") != std::string::npos);
  stranger.must_be_done();
}

void the_daemons_own_user_may_own_the_name() {
  if (!can_change_user()) throw Skipped("needs to become another user");
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, next("", "granted")}, {.uid = kDaemonUid});
  CHECK(login().outcome.ending == Ending::Granted);
  daemon.must_be_done();
}

/// The service file starts this very program; see main().
void a_daemon_that_is_not_running_is_started() {
  const std::string services = std::string(kScratch) + "/services";
  mkdir(services.c_str(), 0755);
  write_file(services + "/org.passkeyd1.service", "[D-BUS Service]\nName=org.passkeyd1\nExec=/proc/" +
                                                      std::to_string(getpid()) + "/exe --activated\n");
  const PrivateBus bus(bus::kSystemBusSocket, services);
  CHECK(login().outcome.ending == Ending::Granted);
}

void a_daemon_that_ended_between_two_calls_is_found_again() {
  const PrivateBus bus;
  Patience patience(seconds(60));
  Bus connection = MUST(Bus::open(patience));
  {
    ScriptedDaemon first({{"GetStatus", append([](sd_bus_message *m) {
                             return append_dictionary(m, {{"version", "1"}});
                           })}});
    CHECK(std::get<std::string>(MUST(get_status(connection, patience)).at("version")) == "1");
    first.must_be_done();
  }
  ScriptedDaemon second({{"GetStatus", append([](sd_bus_message *m) {
                            return append_dictionary(m, {{"version", "2"}});
                          })}});
  CHECK(std::get<std::string>(MUST(get_status(connection, patience)).at("version")) == "2");
  second.must_be_done();
}

// --- records
// -----------------------------------------------------------------------------------------------------

Reaction list(std::vector<Dictionary> rows) {
  return append([rows](sd_bus_message *m) {
    sd_bus_message_open_container(m, 'a', "a{sv}");
    for (const Dictionary &row : rows) append_dictionary(m, row);
    return sd_bus_message_close_container(m);
  });
}

void one_malformed_record_never_hides_the_others() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {{"ListCredentials alice",
        list({{{"id", "aa"}, {"created", std::int64_t{5}}, {"user-verification", true}},
              {{"id", 3U}},
              {{"name", "without id"}},
              {{"id", "bb"}, {"last-used", std::int64_t{6}}, {"new", std::vector<std::string>{}}}})}});
  Patience patience(seconds(60));
  Bus connection = MUST(Bus::open(patience));
  const CredentialList found = MUST(list_credentials(connection, name("alice"), patience));
  CHECK(found.records.size() == 2 && found.unreadable == 2);
  CHECK(found.records[0].id == "aa" && found.records[0].created == 5 && found.records[0].user_verification);
  CHECK(!found.records[0].last_used && found.records[1].last_used == 6);
  daemon.must_be_done();
}

int activated() {
  return run_script({kBegin, next("", "granted")}, {}).empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc > 1 && std::strcmp(argv[1], "--activated") == 0) return activated();
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(a_touch_lets_in),
      TEST(a_pin_travels_as_a_sealed_memory_file),
      TEST(an_empty_line_steps_down_and_sends_no_secret),
      TEST(a_failed_conversation_cancels_the_attempt_and_sends_nothing),
      TEST(texts_and_choices_go_back_as_given),
      TEST(hints_are_sent_cleaned_and_never_dropped),
      TEST(an_enrollment_goes_the_same_way),
      TEST(closing_the_connection_is_seen_by_the_daemon),
      TEST(without_a_bus_there_is_no_verdict),
      TEST(without_a_daemon_there_is_no_verdict),
      TEST(a_silent_bus_is_not_waited_for_beyond_patience),
      TEST(a_daemon_that_hangs_is_not_waited_for_beyond_patience),
      TEST(a_daemon_that_vanishes_gives_no_verdict),
      TEST(an_attempt_without_end_is_ended),
      TEST(every_malformed_answer_is_no_verdict),
      TEST(an_attempt_that_is_no_object_path_is_no_attempt),
      TEST(what_a_newer_daemon_adds_is_skipped),
      TEST(control_characters_never_reach_the_person),
      TEST(the_daemons_errors_keep_their_kind),
      TEST(a_stranger_who_owns_the_name_is_asked_nothing),
      TEST(the_daemons_own_user_may_own_the_name),
      TEST(a_daemon_that_is_not_running_is_started),
      TEST(a_daemon_that_ended_between_two_calls_is_found_again),
      TEST(one_malformed_record_never_hides_the_others),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
