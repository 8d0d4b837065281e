/// passkeyctl audit: pages, times, following, and the word on whether the record is whole.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/check.h"
#include "tests/passkeyctl.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

const std::string kHash(64, 'a');
const std::string kOtherHash = std::string(63, 'a') + "b";

Dictionary record(std::uint64_t number, Dictionary more = {}) {
  Dictionary all = {{"number", number},
                    {"time", std::int64_t{1764633600}},
                    {"event", "login"},
                    {"user", "alice"},
                    {"uid", std::uint32_t{1000}},
                    {"service", "sudo"},
                    {"way", "usb"},
                    {"credential", "3f2a1b0c9d"},
                    {"outcome", "granted"},
                    {"reason", "none"},
                    {"caller-uid", std::uint32_t{0}},
                    {"caller-pid", std::uint32_t{77}},
                    {"rhost", ""},
                    {"hash", kHash}};
  for (auto &[key, value] : more) {
    std::erase_if(all, [&](const auto &entry) { return entry.first == key; });
    all.emplace_back(key, value);
  }
  return all;
}

Reaction page(std::vector<Dictionary> records) {
  return append([records = std::move(records)](sd_bus_message *reply) {
    sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (const Dictionary &each : records) append_dictionary(reply, each);
    return sd_bus_message_close_container(reply);
  });
}

std::vector<Dictionary> many(std::uint64_t first, std::uint64_t last) {
  std::vector<Dictionary> records;
  for (std::uint64_t number = first; number <= last; ++number) records.push_back(record(number));
  return records;
}

Reaction dictionary(Dictionary entries) {
  return append(
      [entries = std::move(entries)](sd_bus_message *reply) { return append_dictionary(reply, entries); });
}

std::size_t lines_in(const std::string &text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// --- showing ----------------------------------------------------------------------------------------------

void people_read_who_did_what_and_how_it_went() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {{"GetAudit after=0 most=1000",
        page({record(1),
              record(2, {{"outcome", "denied"}, {"reason", "pin-wrong"}, {"rhost", "far.example"}}),
              record(3, {{"event", "revoke"}, {"outcome", "done"}, {"reason", "lost-and-found"}})})},
       {"GetAudit after=3 most=1000", page({})}});
  const Ran ran = run({"audit"});
  CHECK(ran.status == 0 && ran.err.empty());
  CHECK(says(ran.out, "NUMBER"));
  CHECK(says(ran.out, "2025-12-02 00:00:00"));
  CHECK(says(ran.out, "sign-in: sudo"));
  CHECK(says(ran.out, "usb 3f2a1b0c9d"));
  CHECK(says(ran.out, "granted\n"));
  CHECK(says(ran.out, "far.example"));
  CHECK(says(ran.out, "refused: pin wrong\n"));
  CHECK(says(ran.out, "passkey revoked"));
  CHECK(says(ran.out, "by root"));
  CHECK(says(ran.out, "done: lost-and-found\n"));
  daemon.must_be_done();
}

void programs_read_an_object_a_line() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"GetAudit after=0 most=1000", page({record(1), record(2, {{"user", "b\xc3\xb6se\n"}})})},
                         {"GetAudit after=2 most=1000", page({})}});
  const Ran ran = run({"audit", "--json"});
  CHECK(ran.status == 0 && lines_in(ran.out) == 2);
  std::istringstream lines(ran.out);
  std::string line;
  std::getline(lines, line);
  const auto first = nlohmann::json::parse(line);
  CHECK(first.at("number") == 1 && first.at("time") == 1764633600 && first.at("uid") == 1000);
  CHECK(first.at("event") == "login" && first.at("outcome") == "granted" && first.at("hash") == kHash);
  CHECK(first.at("caller_uid") == 0 && first.at("caller_pid") == 77 &&
        first.at("credential") == "3f2a1b0c9d");
  std::getline(lines, line);
  CHECK(nlohmann::json::parse(line).at("user") == "b\xc3\xb6se?");
  daemon.must_be_done();
}

void a_long_audit_is_read_to_its_end_in_pages() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"GetAudit after=0 most=1000", page(many(1, 150))},
                         {"GetAudit after=150 most=1000", page(many(151, 170))},
                         {"GetAudit after=170 most=1000", page({})}});
  const Ran ran = run({"audit"});
  CHECK(ran.status == 0 && lines_in(ran.out) == 1 + 170);
  daemon.must_be_done();
}

void the_newest_are_found_from_the_end_and_shown_oldest_first() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"GetAudit most=3", page(many(98, 99))},
                         {"GetAudit before=98 most=1", page(many(97, 97))},
                         {"GetAudit after=96 most=3", page(many(97, 99))}});
  const Ran ran = run({"audit", "-n", "3"});
  CHECK(ran.status == 0 && lines_in(ran.out) == 4);
  CHECK(ran.out.find("\n97 ") < ran.out.find("\n99 "));
  daemon.must_be_done();
}

void what_is_asked_for_is_passed_on() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"GetAudit user=alice after=0 most=1000 since=1764547200 until=1764633600", page({})},
                         {"GetAudit user=alice after=0 most=1000 since=1764547200 until=1764590415", page({})}});
  CHECK(run({"audit", "--user", "alice", "--since", "2025-12-01", "--until", "2025-12-02 00:00"}).status ==
        0);
  CHECK(
      run({"audit", "--user", "alice", "--since", "@1764547200", "--until", "2025-12-01T12:00:15"}).status ==
      0);
  daemon.must_be_done();
}

void what_is_no_time_is_refused_before_anybody_is_asked() {
  for (const char *text :
       {"2025-02-30", "2025-13-01", "2025-12-01 25:00", "tomorrow", "-2", "-2y", "--2h", "@", "@-1",
        "@99999999999999999999", "2025-12-1", "2025-12-01 12:00:00Z", "-99999999999999999999s"})
    CHECK(run({"audit", std::string("--since=") + text}).status == 2);
  for (const char *text : {"now", "today", "yesterday", "-90s", "-5min", "-2h", "-3d", "-1w", "@0"})
    CHECK(run({"audit", std::string("--since=") + text}).status == 3);  // nobody is there to answer
}

void wrong_usage_is_refused() {
  const std::vector<std::vector<std::string>> wrong = {{"audit", "-n", "0"},
                                                       {"audit", "--user", "no:name"},
                                                       {"audit", "--all", "--user", "alice"},
                                                       {"audit", "--head", kHash},
                                                       {"audit", "--verify", "--head", "x"},
                                                       {"audit", "--verify", "--follow"},
                                                       {"audit", "--follow", "--until", "now"},
                                                       {"audit", "--verify", "-n", "5"}};
  for (const auto &arguments : wrong) CHECK(run(arguments).status == 2);
}

void a_daemon_that_makes_no_sense_is_not_followed_in_circles() {
  const PrivateBus bus;
  const std::vector<std::vector<Dictionary>> pages = {
      {record(2), record(1)}, {record(0)}, {record(1), record(1)}, {record(1, {{"time", "noon"}})}};
  for (const auto &records : pages) {
    ScriptedDaemon daemon({{"GetAudit after=0 most=1000", page(records)}});
    CHECK(run({"audit"}).status == 3);
    daemon.must_be_done();
  }
  ScriptedDaemon again(
      {{"GetAudit after=0 most=1000", page({record(5)})}, {"GetAudit after=5 most=1000", page({record(5)})}});
  CHECK(run({"audit"}).status == 3);
  again.must_be_done();
}

void more_rows_than_asked_for_are_refused() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"GetAudit most=1", page(many(1, 2))}});
  CHECK(run({"audit", "-n", "1"}).status == 3);
  daemon.must_be_done();
}

void who_may_not_read_it_is_told() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"GetAudit after=0 most=1000", error("org.passkeyd1.Error.NotAllowed")}});
  CHECK(run({"audit"}).status == 4);
  daemon.must_be_done();
}

void a_full_disk_is_no_success() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"GetAudit after=0 most=1000", page({record(1)})}});
  CHECK(run({"audit"}, "", "/dev/full").status == 3);
  daemon.must_be_done();
}

// --- following --------------------------------------------------------------------------------------------

void following_begins_with_the_newest_and_goes_on_with_what_comes() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"GetAudit most=10", page({record(7)})},
                         {"GetAudit before=7 most=9", page({})},
                         {"GetAudit after=6 most=10", page({record(7)})},
                         {"GetAudit after=7 most=9", page({})},
                         {"GetAudit after=7 most=1000 wait=60", page({})},
                         {"GetAudit after=7 most=1000 wait=60", page({record(8), record(9)})},
                         {"GetAudit after=9 most=1000 wait=60", error("org.passkeyd1.Error.NotAllowed")}});
  const Ran ran = run({"audit", "--follow", "--json"});
  CHECK(ran.status == 4 && lines_in(ran.out) == 3);
  daemon.must_be_done();
}

void a_restart_of_the_daemon_is_survived_with_nothing_twice_and_nothing_missing() {
  const PrivateBus bus;
  std::optional<ScriptedDaemon> daemon;
  daemon.emplace(std::vector<Event>{{"GetAudit most=10", page({record(1)})},
                                    {"GetAudit before=1 most=9", page({})},
                                    {"GetAudit after=0 most=10", page({record(1)})},
                                    {"GetAudit after=1 most=9", page({})},
                                    {"GetAudit after=1 most=1000 wait=60", page({record(2)})},
                                    {"GetAudit after=2 most=1000 wait=60", vanish()}});
  OnTerminal face({"audit", "--follow"});
  face.await("waiting for it");
  daemon.reset();
  ScriptedDaemon second({{"GetStatus", dictionary({{"version", "x"}})},
                         {"GetAudit after=2 most=1000 wait=60", page({record(3)})},
                         {"GetAudit after=3 most=1000 wait=60", error("org.passkeyd1.Error.NotAllowed")}});
  face.await("it is back");
  CHECK(face.end() == 4);
  CHECK(says(face.screen, "\n1 ") && says(face.screen, "\n2 ") && says(face.screen, "\n3 "));
  CHECK(face.screen.find("\n2 ") == face.screen.rfind("\n2 "));
  second.must_be_done();
}

void following_ends_when_nobody_reads_any_more() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"GetAudit most=10", page({})}, {"GetAudit after=0 most=1000 wait=60", page({})}},
                        {.forever = true});
  int pipe_ends[2];
  CHECK(pipe2(pipe_ends, O_CLOEXEC) == 0);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(pipe_ends[1], 1);
    execl(program.c_str(), program.c_str(), "audit", "--follow", nullptr);
    _exit(127);
  }
  close(pipe_ends[1]);
  close(pipe_ends[0]);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void control_c_ends_it() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"GetAudit most=10", page({record(1)})},
                         {"GetAudit before=1 most=9", page({})},
                         {"GetAudit after=0 most=10", page({record(1)})},
                         {"GetAudit after=1 most=9", page({})},
                         {"GetAudit after=1 most=1000 wait=60", hang()}});
  OnTerminal face({"audit", "--follow"});
  face.await("sign-in");
  face.type("\x03");
  CHECK(face.end() == 128 + SIGINT);
}

// --- verifying --------------------------------------------------------------------------------------------

const Dictionary kWhole = {
    {"rows", std::uint64_t{12}}, {"first", std::uint64_t{4}}, {"pruned", std::uint64_t{3}}, {"head", kHash}};

void a_whole_chain_is_said_to_be_whole() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"VerifyAudit", dictionary(kWhole)}});
  const Ran ran = run({"audit", "--verify"});
  CHECK(ran.status == 0);
  CHECK(says(ran.out, "whole") && says(ran.out, "12") && says(ran.out, kHash.c_str()));
  daemon.must_be_done();
}

void a_broken_chain_has_an_exit_status_of_its_own_and_says_where() {
  const PrivateBus bus;
  Dictionary broken = kWhole;
  broken.emplace_back("first-bad", std::uint64_t{9});
  ScriptedDaemon daemon({{"VerifyAudit", dictionary(broken)}, {"VerifyAudit", dictionary(broken)}});
  const Ran ran = run({"audit", "--verify"});
  CHECK(ran.status == 11);
  CHECK(says(ran.out, "BROKEN at record 9"));
  const Ran json = run({"audit", "--verify", "--json"});
  CHECK(json.status == 11 && nlohmann::json::parse(json.out).at("first_bad") == 9);
  daemon.must_be_done();
}

void an_empty_answer_is_not_taken_for_a_whole_chain() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"VerifyAudit", dictionary({})}});
  CHECK(run({"audit", "--verify"}).status == 3);
  daemon.must_be_done();
}

void a_head_noted_earlier_must_be_in_the_chain() {
  const PrivateBus bus;
  const std::vector<Event> script = {
      {"VerifyAudit", dictionary(kWhole)},
      {"GetAudit after=0 most=1000", page({record(4), record(5, {{"hash", kOtherHash}})})},
      {"GetAudit after=5 most=1000", page({})}};
  ScriptedDaemon daemon(script);
  std::string upper = kOtherHash;
  for (char &c : upper) c = static_cast<char>(toupper(c));
  const Ran there = run({"audit", "--verify", "--head", upper});
  CHECK(there.status == 0 && says(there.out, "that of record 5"));
  daemon.must_be_done();
  ScriptedDaemon another(script);
  const Ran gone = run({"audit", "--verify", "--head", std::string(64, '0')});
  CHECK(gone.status == 11 && says(gone.out, "NOT IN THE CHAIN"));
  another.must_be_done();
}

}  // namespace

int main(int, char **argv) {
  program = argv[1];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(people_read_who_did_what_and_how_it_went),
      TEST(programs_read_an_object_a_line),
      TEST(a_long_audit_is_read_to_its_end_in_pages),
      TEST(the_newest_are_found_from_the_end_and_shown_oldest_first),
      TEST(what_is_asked_for_is_passed_on),
      TEST(what_is_no_time_is_refused_before_anybody_is_asked),
      TEST(wrong_usage_is_refused),
      TEST(a_daemon_that_makes_no_sense_is_not_followed_in_circles),
      TEST(more_rows_than_asked_for_are_refused),
      TEST(who_may_not_read_it_is_told),
      TEST(a_full_disk_is_no_success),
      TEST(following_begins_with_the_newest_and_goes_on_with_what_comes),
      TEST(a_restart_of_the_daemon_is_survived_with_nothing_twice_and_nothing_missing),
      TEST(following_ends_when_nobody_reads_any_more),
      TEST(control_c_ends_it),
      TEST(a_whole_chain_is_said_to_be_whole),
      TEST(a_broken_chain_has_an_exit_status_of_its_own_and_says_where),
      TEST(an_empty_answer_is_not_taken_for_a_whole_chain),
      TEST(a_head_noted_earlier_must_be_in_the_chain),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
