/// passkeyctl as people and scripts meet it: exit status, what goes to which stream, and PINs on a terminal.
#include <signal.h>
#include <sys/mount.h>

#include <nlohmann/json.hpp>

#include "tests/check.h"
#include "tests/passkeyctl.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

const Event kTest = begins("user=alice service=passkeyctl");
const std::vector<std::string> kTestAlice = {"test", "--user", "alice"};

// --- trying and enrolling
// ----------------------------------------------------------------------------------------

void a_granted_test_says_so_on_standard_output() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kTest, next("", "tell", {{"message", "touch"}, {"device", "Solo 2"}}),
                         next("", "granted", {{"message", "welcome"}, {"credential", "c0ffee"}})});
  const Ran ran = run(kTestAlice);
  CHECK(ran.status == 0);
  CHECK(ran.out == "Passkey accepted.\nCredential: c0ffee\n");
  CHECK(ran.err == "Touch your Solo 2.\n");
  daemon.must_be_done();
}

void every_end_has_its_exit_status() {
  struct Row {
    const char *end;
    const char *message;
    int status;
  };
  const Row rows[] = {
      {"granted", "welcome", 0},     {"denied", "denied", 1},           {"denied", "pin-wrong", 1},
      {"unavailable", "timeout", 3}, {"unavailable", "not-allowed", 4}, {"unavailable", "not-enrolled", 5},
      {"unavailable", "limited", 6}, {"unavailable", "new", 3},         {"granted!", "welcome", 3},
      {"denied", "locked", 4},       {"unavailable", "locked", 4},      {"denied", "code-wrong", 1}};
  const PrivateBus bus;
  for (const Row &row : rows) {
    ScriptedDaemon daemon({kTest, next("", row.end, {{"message", row.message}})}, {.forever = true});
    const Ran ran = run(kTestAlice);
    CHECK(ran.status == row.status);
    CHECK(ran.out.empty() == (row.status != 0) && ran.err.empty() == (row.status == 0));
  }
}

void an_error_of_the_daemon_has_its_exit_status() {
  const PrivateBus bus;
  const std::pair<const char *, int> errors[] = {
      {"NotAllowed", 4}, {"NotFound", 5}, {"Limited", 6}, {"Busy", 3}};
  for (const auto &[name, status] : errors) {
    ScriptedDaemon daemon({{kTest.expected, error(std::string("org.passkeyd1.Error.") + name)}});
    CHECK(run(kTestAlice).status == status);
    daemon.must_be_done();
  }
}

void without_the_service_it_says_what_to_look_at() {
  const Ran ran = run({"status"});
  CHECK(ran.status == 3);
  CHECK(says(ran.err, "cannot be reached"));
  const PrivateBus bus;
  CHECK(run({"list"}).status == 3);
}

void a_script_gives_pins_on_standard_input_a_line_each() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"BeginEnrollment user=alice way=tpm name=work", attempt()},
                         next("", "ask-secret", {{"message", "new-pin-platform"}}),
                         next(" secret=24 68", "ask-secret", {{"message", "repeat-pin-platform"}}),
                         next(" secret=24 68", "granted", {{"message", "enrolled"}, {"name", "work"}})});
  const Ran ran = run({"enroll", "--user", "alice", "--tpm", "--name", "work", "--pin-stdin"},
                      "24 68\n24 68\nleft over\n");
  CHECK(ran.status == 0);
  CHECK(ran.out == "The passkey \"work\" is ready to use.\n");
  CHECK(ran.err.empty());
  daemon.must_be_done();
}

void input_that_is_too_long_is_no_pin() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {kTest, next("", "ask-secret", {{"message", "pin-key"}}), {"Cancel", nothing()}, {"gone", nothing()}});
  CHECK(run({"test", "--user", "alice", "--pin-stdin"}, std::string(513, '1') + "\n").status == 3);
  daemon.must_be_done();
}

void input_that_has_ended_steps_down() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kTest, next("", "ask-secret", {{"message", "pin-key"}}),
                         next(" secret=1234", "tell", {{"message", "pin-wrong"}, {"next", "again"}}),
                         next("", "ask-secret", {{"message", "pin-key"}}),
                         next(" empty", "denied", {{"message", "denied"}})});
  CHECK(run({"test", "--user", "alice", "--pin-stdin"}, "1234\n").status == 1);
  daemon.must_be_done();
}

void without_a_terminal_no_pin_is_taken_from_standard_input_unasked() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {kTest, next("", "ask-secret", {{"message", "pin-key"}}), {"Cancel", nothing()}, {"gone", nothing()}});
  const Ran ran = run(kTestAlice, "1234\n");
  CHECK(ran.status == 3);
  CHECK(says(ran.err, "--pin-stdin"));
  daemon.must_be_done();
}

void an_enrollment_is_for_oneself_by_default() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {{"BeginEnrollment user=root way=usb", attempt()}, next("", "denied", {{"message", "denied"}})});
  CHECK(run({"enroll", "--usb"}).status == 1);
  daemon.must_be_done();
}

void a_discoverable_passkey_is_asked_for_by_name() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"BeginEnrollment user=alice way=usb discoverable", attempt()},
                         next("", "granted", {{"message", "enrolled"}})});
  CHECK(run({"enroll", "--user", "alice", "--usb", "--discoverable"}).status == 0);
  daemon.must_be_done();
}

void a_new_pin_takes_the_place_of_the_old_one() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"BeginPinChange user=alice service=passkeyctl", attempt()},
                         next("", "ask-secret", {{"message", "old-pin-platform"}}),
                         next(" secret=24 68", "ask-secret", {{"message", "new-pin-platform"}}),
                         next(" secret=135790", "ask-secret", {{"message", "repeat-pin-platform"}}),
                         next(" secret=135790", "granted", {{"message", "pin-changed"}}),
                         {"BeginPinChange user=root service=passkeyctl", attempt()},
                         next("", "denied", {{"message", "pin-wrong"}})});
  const Ran ran = run({"pin", "--user", "alice", "--pin-stdin"}, "24 68\n135790\n135790\n");
  CHECK(ran.status == 0 && !ran.out.empty() && ran.err.empty());
  CHECK(run({"pin"}).status == 1);
  daemon.must_be_done();
}

// --- locks
// -------------------------------------------------------------------------------------------------------

void a_lock_says_how_far_it_goes_and_why() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {{"LockUser alice all-methods=no", append([](sd_bus_message *) { return 0; })},
       {"LockUser alice all-methods reason=left us", append([](sd_bus_message *) { return 0; })},
       {"LockUser alice all-methods=no", error("org.passkeyd1.Error.NotAllowed")}});
  const Ran some = run({"lock", "alice"});
  CHECK(some.status == 0 && some.out == "alice is locked: passkeys and backup codes open nothing.\n");
  const Ran all = run({"lock", "alice", "--all-methods", "--reason", "left us"});
  CHECK(all.status == 0 && all.out ==
                               "alice is locked: passkeys and backup codes open nothing, and account lines "
                               "of pam_passkey refuse them.\n");
  const Ran refused = run({"lock", "alice"});
  CHECK(refused.status == 4 && refused.out.empty());
  daemon.must_be_done();
}

void a_lock_can_be_taken_away_once() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"UnlockUser alice", append([](sd_bus_message *) { return 0; })},
                         {"UnlockUser alice", error("org.passkeyd1.Error.NotFound")},
                         {"UnlockUser alice", error("org.passkeyd1.Error.NotAllowed")}});
  const Ran unlocked = run({"unlock", "alice"});
  CHECK(unlocked.status == 0 && unlocked.out == "alice is not locked any more.\n");
  const Ran again = run({"unlock", "alice"});
  CHECK(again.status == 5 && again.err == "passkeyctl: alice is not locked.\n");
  CHECK(run({"unlock", "alice"}).status == 4);
  daemon.must_be_done();
}

void wrong_usage_asks_the_daemon_nothing() {
  const PrivateBus bus;
  ScriptedDaemon daemon({});
  const std::vector<std::vector<std::string>> lines = {{},
                                                       {"enrol"},
                                                       {"enroll", "--usb", "--tpm"},
                                                       {"enroll", "extra"},
                                                       {"test", "--user", "-x"},
                                                       {"test", "--user", ""},
                                                       {"enroll", "--name", "a\x1b[2J"},
                                                       {"enroll", "--name", std::string(97, 'x')},
                                                       {"list", "--pin", "1234"},
                                                       {"enroll", "--tpm", "--discoverable"},
                                                       {"backup-codes", "--print", "--qr"},
                                                       {"backup-codes", "alice"},
                                                       {"lock"},
                                                       {"lock", "-x"},
                                                       {"lock", "a:b"},
                                                       {"lock", "alice", "--reason", ""},
                                                       {"lock", "alice", "--reason", "a\nb"},
                                                       {"lock", "alice", "--reason", std::string(201, 'x')},
                                                       {"unlock"},
                                                       {"unlock", "alice", "--all-methods"},
                                                       {"pin", "--pin", "1234"},
                                                       {"policy", "sudo", "su"},
                                                       {"policy", "a\x1b[2J"},
                                                       {"list", "--all", "--user", "alice"},
                                                       {"list", "alice"},
                                                       {"show"},
                                                       {"show", ""},
                                                       {"show", "a\x1b[2J"},
                                                       {"show", std::string(10000, 'x')},
                                                       {"show", "aa11", "bb22"},
                                                       {"show", "-x"},
                                                       {"test", ""},
                                                       {"test", "a\nb"},
                                                       {"rename", "aa11"},
                                                       {"rename", "aa11", ""},
                                                       {"rename", "", "new"},
                                                       {"rename", "aa11", "a\x1b]0;b\x07"},
                                                       {"rename", "aa11", "\xff"},
                                                       {"rename", "aa11", std::string(10000, 'x')},
                                                       {"rename", "aa11", "two", "words"},
                                                       {"rename", "--user", "a:b", "aa11", "new"},
                                                       {"enroll", "--name", ""},
                                                       {"enroll", "--name", std::string(10000, 'x')},
                                                       {"enroll", "--tpm", "--device", "Solo 2"},
                                                       {"enroll", "--device", "a\x1b[2J"},
                                                       {"enroll", "--test", "--no-test"},
                                                       {"a\x1b[2J" + std::string(10000, 'x')}};
  for (const std::vector<std::string> &line : lines) {
    const Ran ran = run(line);
    CHECK(ran.status == 2 && ran.out.empty());
    CHECK(!says(ran.err, "\x1b") && ran.err.size() < 1000);
  }
  daemon.must_be_done();
}

void help_and_version_need_no_daemon() {
  CHECK(says(run({"enrol"}).err, "no such verb: enrol"));
  CHECK(run({"--version"}).out.starts_with("passkeyctl "));
  const Ran help = run({"--help"});
  CHECK(help.status == 0 && says(help.out, "Exit status"));
  for (const char *verb : {"enroll", "list", "show", "rename", "test", "pin", "backup-codes", "lock",
                           "unlock", "policy", "status"}) {
    CHECK(says(help.out, verb));
    CHECK(run({verb, "--help"}).status == 0);
  }
}

// --- looking
// -----------------------------------------------------------------------------------------------------

Reaction list(std::vector<Dictionary> rows) {
  return append([rows](sd_bus_message *m) {
    sd_bus_message_open_container(m, 'a', "a{sv}");
    for (const Dictionary &row : rows) append_dictionary(m, row);
    return sd_bus_message_close_container(m);
  });
}

Event account(const std::string &user, const Dictionary &state) {
  return {"CheckAccount " + user, append([state](sd_bus_message *m) { return append_dictionary(m, state); })};
}

const std::vector<Dictionary> kRows = {
    {{"id", "aa11"},
     {"user", "alice"},
     {"name", "k\xc3\xbcrzer"},
     {"way", "usb"},
     {"device", "Solo\x1b 2"},
     {"state", "active"},
     {"created", std::int64_t{1700000000}},
     {"last-used", std::int64_t{1700000060}},
     {"user-verification", true}},
    {{"id", "bb22"},
     {"user", "alice"},
     {"name", "work"},
     {"way", "tpm"},
     {"device", "TPM"},
     {"state", "suspended"},
     {"created", std::int64_t{1700000000}},
     {"user-verification", false}},
};

void the_list_is_a_table_for_people() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"ListCredentials alice", list(kRows)},
                         account("alice", {{"locked", false}, {"codes-left", 7U}}),
                         {"ListCredentials root", list({})},
                         account("root", {{"locked", false}})});
  const Ran ran = run({"list", "--user", "alice"});
  CHECK(ran.status == 0 && ran.err.empty());
  CHECK(ran.out ==
        "ID    NAME    WAY  DEVICE   STATE      VERIFIES  CREATED           LAST USED\n"
        "aa11  k\xc3\xbcrzer  usb  Solo? 2  active     yes       2023-11-14 22:13  2023-11-14 22:14\n"
        "bb22  work    tpm  TPM      suspended  no        2023-11-14 22:13  never\n"
        "\nbackup codes left:  7\n");
  const Ran none = run({"list"});
  CHECK(none.status == 0 && says(none.out, "passkeyctl enroll"));
  daemon.must_be_done();
}

void the_list_says_that_an_account_is_locked_and_why() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {{"ListCredentials root", list({})},
       account("root",
               {{"locked", true}, {"all-methods", false}, {"reason", "left\x1b us"}, {"codes-left", 0U}}),
       {"ListCredentials root", list({})},
       account("root", {{"locked", true}, {"all-methods", true}})});
  CHECK(run({"list"}).out.ends_with(
      "\nbackup codes left:  0\nlocked:             passkeys and backup codes: left? us\n"));
  CHECK(run({"list"}).out.ends_with("\nlocked:  passkeys, backup codes and account lines\n"));
  daemon.must_be_done();
}

void passkeys_are_listed_even_if_nothing_is_known_of_the_account() {
  const PrivateBus bus;
  const Reaction answers[] = {error("org.passkeyd1.Error.NotAllowed"), account("root", {}).react,
                              account("root", {{"locked", "no"}}).react, append([](sd_bus_message *m) {
                                return sd_bus_message_append(m, "s", "locked");
                              })};
  for (const Reaction &answer : answers) {
    ScriptedDaemon daemon({{"ListCredentials root", list(kRows)}, {"CheckAccount root", answer}});
    const Ran ran = run({"list"});
    CHECK(ran.status == 0 && says(ran.out, "aa11") && says(ran.err, "nothing is known"));
    CHECK(!says(ran.out, "locked") && !says(ran.out, "left"));
    daemon.must_be_done();
  }
}

void the_list_is_json_for_programs() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"ListCredentials alice", list(kRows)}, {"ListCredentials root", list({})}});
  const nlohmann::json all = nlohmann::json::parse(run({"list", "--user", "alice", "--json"}).out);
  CHECK(all.size() == 2);
  CHECK(all[0]["id"] == "aa11" && all[0]["last_used"] == 1700000060 && all[0]["user_verification"] == true);
  CHECK(all[1]["last_used"].is_null());
  CHECK(run({"list", "--json"}).out == "[]\n");
  daemon.must_be_done();
}

void people_are_told_in_their_language_and_programs_in_none() {
  const PrivateBus bus;
  CHECK(mount(CATALOGS_DIR, "/usr/share/locale", nullptr, MS_BIND, nullptr) == 0);
  language = "de";
  const Event answer = next("", "granted", {{"message", "welcome"}});
  ScriptedDaemon daemon({kTest, answer, {"ListCredentials root", list(kRows)}});
  const Ran ran = run(kTestAlice);
  const nlohmann::json all = nlohmann::json::parse(run({"list", "--json"}).out);
  language.clear();
  CHECK(umount("/usr/share/locale") == 0);
  CHECK(ran.status == 0 && says(ran.out, "Passkey") && !says(ran.out, "accepted"));
  CHECK(all[0]["created"] == 1700000000);
  daemon.must_be_done();
}

void the_status_is_shown_both_ways() {
  const PrivateBus bus;
  const Reaction report = append([](sd_bus_message *m) {
    return append_dictionary(
        m, {{"version", "0.1.0"}, {"rp-id", "box.example"}, {"credentials", 3U}, {"tpm", true}});
  });
  ScriptedDaemon daemon({{"GetStatus", report},
                         {"ListCredentials root", list({})},
                         {"GetStatus", report},
                         {"ListCredentials root", error("org.passkeyd1.Error.NotAllowed")}});
  CHECK(run({"status"}).out ==
        "credentials:  3\nrp-id:        box.example\ntpm:          yes\nversion:      0.1.0\n"
        "metadata:     none imported\n");
  const Ran ran = run({"status", "--json"});
  CHECK(ran.status == 0 && says(ran.err, "nothing is known of the passkeys"));
  CHECK(nlohmann::json::parse(ran.out)["rp_id"] == "box.example");
  daemon.must_be_done();
}

const std::vector<Dictionary> kPolicy = {
    {{"key", "ways"}, {"value", "usb tpm"}, {"source", "default"}, {"since", std::int64_t{7}}},
    {{"key", "touch_timeout"}, {"value", "10"}, {"source", "/etc/passkeyd/passkeyd.conf:4"}},
};

void the_policy_is_shown_both_ways_and_says_where_it_was_set() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"GetPolicy sudo", list(kPolicy)}, {"GetPolicy ", list(kPolicy)}});
  const Ran ran = run({"policy", "sudo"});
  CHECK(ran.status == 0 && ran.err.empty());
  CHECK(ran.out ==
        "KEY            VALUE    WHERE\n"
        "ways           usb tpm  default\n"
        "touch_timeout  10       /etc/passkeyd/passkeyd.conf:4\n");
  const nlohmann::json all = nlohmann::json::parse(run({"policy", "--json"}).out);
  CHECK(all.size() == 2);
  CHECK((all[1] == nlohmann::json{{"key", "touch_timeout"},
                                  {"value", "10"},
                                  {"source", "/etc/passkeyd/passkeyd.conf:4"}}));
  daemon.must_be_done();
}

void a_policy_that_makes_no_sense_is_not_shown() {
  const PrivateBus bus;
  const Reaction answers[] = {list({{{"key", 7U}, {"value", "10"}}}), list({{{"value", "10"}}}),
                              list(std::vector<Dictionary>(257, kPolicy[0])),
                              append([](sd_bus_message *m) { return sd_bus_message_append(m, "s", "no"); })};
  for (const Reaction &answer : answers) {
    ScriptedDaemon daemon({{"GetPolicy sudo", answer}});
    const Ran ran = run({"policy", "sudo"});
    CHECK(ran.status == 3 && ran.out.empty());
    daemon.must_be_done();
  }
}

// --- on a terminal
// -----------------------------------------------------------------------------------------------

const char *const kPrompt = "PIN of your Solo 2, or Enter to skip: ";
const Event kAsks = next("", "ask-secret", {{"message", "pin-key"}, {"device", "Solo 2"}});
/// On a terminal the tty is sent, too; its number is not known beforehand.
ScriptedDaemon daemon_for_a_terminal(std::vector<Event> rest) {
  std::vector<Event> script = {{"BeginEnrollment user=root way=usb ask-name", attempt()}, kAsks};
  script.insert(script.end(), rest.begin(), rest.end());
  return ScriptedDaemon(script);
}
const std::vector<std::string> kEnroll = {"enroll", "--usb"};

void a_pin_typed_on_a_terminal_is_not_seen() {
  const PrivateBus bus;
  ScriptedDaemon daemon =
      daemon_for_a_terminal({next(" secret=739182", "granted", {{"message", "enrolled"}})});
  OnTerminal terminal(kEnroll);
  terminal.await(kPrompt);
  CHECK(!terminal.echoes());
  terminal.type("739182\n");
  terminal.await("ready to use");
  CHECK(terminal.echoes());
  CHECK(terminal.end() == 0);
  CHECK(!says(terminal.screen, "739182"));
  daemon.must_be_done();
}

void a_signal_at_the_prompt_ends_it_with_the_terminal_mended() {
  const PrivateBus bus;
  ScriptedDaemon daemon = daemon_for_a_terminal({{"gone", nothing()}});
  OnTerminal terminal(kEnroll);
  terminal.await(kPrompt);
  terminal.type(
      "12\x04"
      "3\x03");  // ^D after two digits hands them over without a line's end
  CHECK(terminal.end() == 128 + SIGINT);
  CHECK(terminal.echoes());
  daemon.must_be_done();
}

void a_stopped_prompt_gives_the_terminal_back_and_asks_again() {
  const PrivateBus bus;
  ScriptedDaemon daemon = daemon_for_a_terminal({next(" secret=4711", "granted", {{"message", "enrolled"}})});
  OnTerminal terminal(kEnroll);
  terminal.await(kPrompt);
  terminal.type("12\x1a");
  terminal.await("[stopped]");
  CHECK(terminal.echoes());
  terminal.screen.clear();
  terminal.type("fg\n");
  terminal.await(kPrompt);
  CHECK(!terminal.echoes());
  terminal.type("4711\n");
  CHECK(terminal.end() == 0);
  daemon.must_be_done();
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  program = argv[1];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(a_granted_test_says_so_on_standard_output),
      TEST(people_are_told_in_their_language_and_programs_in_none),
      TEST(every_end_has_its_exit_status),
      TEST(an_error_of_the_daemon_has_its_exit_status),
      TEST(without_the_service_it_says_what_to_look_at),
      TEST(a_script_gives_pins_on_standard_input_a_line_each),
      TEST(input_that_is_too_long_is_no_pin),
      TEST(input_that_has_ended_steps_down),
      TEST(without_a_terminal_no_pin_is_taken_from_standard_input_unasked),
      TEST(an_enrollment_is_for_oneself_by_default),
      TEST(a_discoverable_passkey_is_asked_for_by_name),
      TEST(a_new_pin_takes_the_place_of_the_old_one),
      TEST(a_lock_says_how_far_it_goes_and_why),
      TEST(a_lock_can_be_taken_away_once),
      TEST(wrong_usage_asks_the_daemon_nothing),
      TEST(help_and_version_need_no_daemon),
      TEST(the_list_is_a_table_for_people),
      TEST(the_list_says_that_an_account_is_locked_and_why),
      TEST(passkeys_are_listed_even_if_nothing_is_known_of_the_account),
      TEST(the_list_is_json_for_programs),
      TEST(the_status_is_shown_both_ways),
      TEST(the_policy_is_shown_both_ways_and_says_where_it_was_set),
      TEST(a_policy_that_makes_no_sense_is_not_shown),
      TEST(a_pin_typed_on_a_terminal_is_not_seen),
      TEST(a_signal_at_the_prompt_ends_it_with_the_terminal_mended),
      TEST(a_stopped_prompt_gives_the_terminal_back_and_asks_again),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
