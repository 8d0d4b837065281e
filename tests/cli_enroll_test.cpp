/// Enrolling with passkeyctl from the first question to the trial sign-in, and polkit's questions on the way.
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/check.h"
#include "tests/passkeyctl.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

Event passkeys(const Dictionary &row) {
  return {"ListCredentials root", append([row](sd_bus_message *m) {
            sd_bus_message_open_container(m, 'a', "a{sv}");
            append_dictionary(m, row);
            return sd_bus_message_close_container(m);
          })};
}

Dictionary details(Dictionary more = {}) {
  Dictionary all = {{"message", "enrolled"}, {"name", "blue"}, {"credential", "cc33cc33cc"}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const Event kBegins = {"BeginEnrollment user=root way=usb ask-name", attempt()};
const Event kListed = passkeys({{"id", "cc33cc33cc"}, {"name", "blue"}});
const Event kTried = begins("user=root service=passkeyctl*");
const Event kWorks = next("", "granted", {{"message", "welcome"}});
const std::vector<std::string> kEnroll = {"enroll", "--usb"};

std::vector<std::string> with(std::vector<std::string> line, const std::string &more) {
  line.push_back(more);
  return line;
}

// --- the story
// -------------------------------------------------------------------------------------------------------

void a_person_names_the_passkey_and_tries_it() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegins, next("", "ask", {{"message", "name-passkey"}, {"name", "Solo 2"}}),
                         next(" text=blue", "granted", details({{"passkeys", 2U}})), kListed, kTried,
                         next("", "tell", {{"message", "touch"}, {"device", "Solo 2"}}), kWorks});
  OnTerminal terminal(kEnroll);
  terminal.await("Name for this passkey, or Enter for \"Solo 2\": ");
  CHECK(terminal.echoes());
  terminal.type("blue\n");
  CHECK(terminal.end() == 0);
  for (const char *part : {"The passkey \"blue\" is ready to use.", "Now a trial sign-in",
                           "Touch your Solo 2.", "The trial sign-in worked."})
    CHECK(says(terminal.screen, part));
  CHECK(!says(terminal.screen, "Enroll another"));
  daemon.must_be_done();
}

// --- made on another computer
// -------------------------------------------------------------------------------------------------------

const std::vector<std::string> kElsewhere = {"enroll", "--elsewhere", "--name", "blue"};
const Event kBeginsElsewhere = {"BeginEnrollment user=root elsewhere name=blue", attempt()};
const Event kShowsPrompt = next("", "ask", {{"message", "elsewhere"}, {"prompt", "passkeyd1-new:AAAA"}});

void what_is_made_elsewhere_is_pasted_in_one_line_however_long_and_not_tried() {
  const PrivateBus bus;
  const std::string answer(12000, 'x');
  ScriptedDaemon daemon(
      {kBeginsElsewhere, kShowsPrompt, next(" text=" + answer, "granted", details()), kListed});
  OnTerminal terminal(kElsewhere);
  terminal.await("Paste here what it answers, or press Enter to give up: ");
  CHECK(says(terminal.screen, "passkey-askpass --enroll") &&
        says(terminal.screen, "\npasskeyd1-new:AAAA\r\n"));
  CHECK(!terminal.echoes());
  terminal.type(answer.substr(0, 7000));
  terminal.type("?\x7f" + answer.substr(7000) + "\r");
  CHECK(terminal.end() == 0 && terminal.echoes());
  CHECK(says(terminal.screen, "ready to use") && says(terminal.screen, "sign in from there"));
  CHECK(!says(terminal.screen, "trial"));
  daemon.must_be_done();
}

void who_pastes_nothing_gives_up() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {kBeginsElsewhere, kShowsPrompt, next(" empty", "unavailable", {{"message", "cancelled"}})});
  OnTerminal terminal(kElsewhere);
  terminal.await("Paste here");
  terminal.type("\n");
  CHECK(terminal.end() == 3);
  daemon.must_be_done();
}

void what_is_too_long_to_be_an_answer_is_not_sent() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBeginsElsewhere, kShowsPrompt}, {.forever = true});
  OnTerminal terminal(kElsewhere);
  terminal.await("Paste here");
  for (int times = 0; times < 5; ++times) terminal.type(std::string(7000, 'x'));
  terminal.type("\n");
  CHECK(terminal.end() == 3 && says(terminal.screen, "too long"));
}

void control_c_at_the_paste_leaves_the_terminal_as_it_was() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBeginsElsewhere, kShowsPrompt}, {.forever = true});
  OnTerminal terminal(kElsewhere);
  terminal.await("Paste here");
  CHECK(!terminal.echoes());
  terminal.type("\x03");
  CHECK(terminal.end() == 128 + SIGINT && terminal.echoes());
}

void a_script_pastes_through_standard_input() {
  const PrivateBus bus;
  const std::string answer(6000, 'x');
  ScriptedDaemon daemon(
      {kBeginsElsewhere, kShowsPrompt, next(" text=" + answer, "granted", details()), kListed});
  std::vector<std::string> line = kElsewhere;
  line.push_back("--pin-stdin");
  const Ran ran = run(line, answer + "\n");
  CHECK(ran.status == 0 && says(ran.out, "ready to use"));
  daemon.must_be_done();
}

void the_trial_is_of_the_new_passkey_and_no_other() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"BeginEnrollment user=alice way=usb", attempt()},
                         next("", "granted", details()),
                         {"ListCredentials alice", error("org.passkeyd1.Error.Io")},
                         begins("user=alice service=passkeyctl credential=cc33cc33cc"),
                         kWorks});
  const Ran ran = run({"enroll", "--user", "alice", "--usb", "--test"});
  CHECK(ran.status == 0 && says(ran.err, "worked"));
  daemon.must_be_done();
}

void a_trial_that_fails_says_what_to_do_and_that_the_passkey_stays() {
  const PrivateBus bus;
  for (const char *end : {"denied", "unavailable"}) {
    ScriptedDaemon daemon(
        {kBegins, next("", "granted", details()), kListed, kTried, next("", end, {{"message", "timeout"}})});
    OnTerminal terminal(kEnroll);
    CHECK(terminal.end() == 7);
    for (const char *part : {"ready to use", "stays enrolled", "passkeyctl test cc33cc33cc", "revoke it"})
      CHECK(says(terminal.screen, part));
    daemon.must_be_done();
  }
}

void a_trial_that_cannot_be_made_from_here_is_no_failure() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegins, next("", "granted", details()), kListed, kTried,
                         next("", "unavailable", {{"message", "remote-session"}})});
  OnTerminal terminal(kEnroll);
  CHECK(terminal.end() == 0 && says(terminal.screen, "at the computer itself"));
  daemon.must_be_done();
}

void whoever_wants_no_trial_gets_none_and_a_script_only_if_it_asks() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegins,
                         next("", "granted", details()),
                         kListed,
                         {"BeginEnrollment user=root way=usb", attempt()},
                         next("", "granted", details()),
                         kListed});
  OnTerminal terminal(with(kEnroll, "--no-test"));
  CHECK(terminal.end() == 0 && !says(terminal.screen, "trial"));
  CHECK(run(kEnroll).status == 0);
  daemon.must_be_done();
}

void one_device_is_said_to_be_too_few_until_there_are_two() {
  const PrivateBus bus;
  const std::pair<Dictionary, const char *> rows[] = {
      {{{"passkeys", 1U}}, "the only passkey"},
      {{{"passkeys", 1U}, {"only-device", true}}, "the only passkey"},
      {{{"passkeys", 3U}, {"only-device", true}}, "this one device"},
      {{{"passkeys", 2U}, {"only-device", false}}, nullptr},
      {{}, nullptr}};
  for (const auto &[more, words] : rows) {
    ScriptedDaemon daemon(
        {{"BeginEnrollment user=root way=usb", attempt()}, next("", "granted", details(more)), kListed});
    const Ran ran = run(kEnroll);
    CHECK(ran.status == 0 && says(ran.err, "Enroll another on other hardware") == (words != nullptr));
    CHECK(words == nullptr || says(ran.err, words));
    daemon.must_be_done();
  }
}

void a_passkey_on_several_devices_should_not_be_called_like_one() {
  const PrivateBus bus;
  struct Row {
    const char *name;
    bool synced;
    bool warned;
  };
  for (const Row &row :
       {Row{"My Phone", true, true}, Row{"My Phone", false, false}, Row{"Schl\u00fcssel", true, true},
        Row{"\u4f1a\u793e\u306e\u30b9\u30de\u30db", true, true}, Row{"solo 2 blue", true, true},
        Row{"monkey", true, false}, Row{"personal", true, false}}) {
    ScriptedDaemon daemon(
        {{"BeginEnrollment user=root way=usb", attempt()},
         next("", "granted", details()),
         passkeys({{"id", "cc33cc33cc"}, {"name", row.name}, {"device", "Solo 2"}, {"synced", row.synced}})});
    const Ran ran = run(kEnroll);
    CHECK(ran.status == 0 && says(ran.err, "sounds like one of them") == row.warned);
    daemon.must_be_done();
  }
}

// --- without a person
// ------------------------------------------------------------------------------------------------

void everything_can_be_said_beforehand() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {{"BeginEnrollment user=alice way=usb device=Solo 2 discoverable name=blue", attempt()},
       next("", "granted", details({{"codes-left", 0U}})),
       {"ListCredentials alice", error("org.passkeyd1.Error.Io")}});
  const Ran ran = run({"enroll", "--user", "alice", "--device", "Solo 2", "--name", "blue", "--discoverable",
                       "--no-backup-codes", "--no-test"});
  CHECK(ran.status == 0 && ran.err.empty());
  daemon.must_be_done();
}

void what_nobody_can_be_asked_is_an_error_that_names_the_option() {
  const PrivateBus bus;
  const Event choose =
      next("", "choose", {{"message", "choose-device"}, {"options", std::vector<std::string>{"a", "b"}}});
  const Event pin = next("", "ask-secret", {{"message", "new-pin-platform"}});
  for (const auto &[question, option] : {std::pair{choose, "--device"}, std::pair{pin, "--pin-stdin"}}) {
    ScriptedDaemon daemon(
        {{"BeginEnrollment user=root", attempt()}, question, {"Cancel", nothing()}, {"gone", nothing()}});
    const Ran ran = run({"enroll"}, "1\n");
    CHECK(ran.status == 3 && says(ran.err, option) && ran.out.empty());
    daemon.must_be_done();
  }
}

void a_program_is_told_of_the_passkey_and_nothing_else() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegins, next("", "granted", details({{"codes-left", 0U}, {"passkeys", 1U}})),
                         kListed, kTried, kWorks});
  OnTerminal terminal(with(kEnroll, "--json"));
  CHECK(terminal.end() == 0);
  CHECK(says(terminal.screen, "\"id\": \"cc33cc33cc\"") && !says(terminal.screen, "ready to use"));
  CHECK(says(terminal.screen, "no backup codes"));
  daemon.must_be_done();
}

void a_failed_enrollment_is_not_followed_by_anything() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {kBegins, next("", "unavailable",
                     {{"message", "already-exists"}, {"credential", "cc33cc33cc"}, {"passkeys", 1U}})});
  OnTerminal terminal(with(kEnroll, "--json"));
  CHECK(terminal.end() == 3 && !says(terminal.screen, "{") && !says(terminal.screen, "trial"));
  daemon.must_be_done();
}

// --- polkit on this terminal
// -----------------------------------------------------------------------------------------

/// pkttyagent for the length of a test: says on the terminal with what it was called, and obeys `body`.
class FakeAgent {
 public:
  explicit FakeAgent(const std::string &body) {
    if (!can_change_user()) throw Skipped("this user namespace has one user only");
    if (!std::filesystem::exists(kPath)) throw Skipped("polkit is not installed");
    write_file(kFake, "#!/bin/sh\nprintf 'agent called: %s\\n' \"$*\" >/dev/tty\n" + body);
    CHECK(chmod(kFake, 0755) == 0 && mount(kFake, kPath, nullptr, MS_BIND, nullptr) == 0);
  }
  ~FakeAgent() { umount2(kPath, MNT_DETACH); }
  FakeAgent(const FakeAgent &) = delete;
  FakeAgent &operator=(const FakeAgent &) = delete;

 private:
  static constexpr const char *kPath = "/usr/bin/pkttyagent";
  static constexpr const char *kFake = "/run/test/pkttyagent";
};

/// Registers, then waits for its end.
const char *const kGood =
    "trap 'kill $!; printf \"agent ended\\n\" >/dev/tty; exit' TERM\n"
    "cat /run/test/never &\n"
    "exec 3>&-\nwait\n";

/// passkeyctl as somebody who is not root, where everybody may run it.
std::vector<std::string> as_nobody(std::vector<std::string> line) {
  line.insert(line.begin(), {"--reuid=65534", "--regid=65534", "--clear-groups", "/run/test/passkeyctl"});
  return line;
}

struct Setpriv {
  Setpriv() : passkeyctl(std::exchange(program, "/usr/bin/setpriv")) {
    std::filesystem::copy_file(passkeyctl, "/run/test/passkeyctl",
                               std::filesystem::copy_options::overwrite_existing);
    if (!std::filesystem::exists("/run/test/never")) CHECK(mkfifo("/run/test/never", 0666) == 0);
    chmod("/run/test/never", 0666);
  }
  ~Setpriv() { program = passkeyctl; }
  std::string passkeyctl;
};

Event renamed() {
  return {"RenameCredential nobody aa11 new",
          asks_through_polkit(append([](sd_bus_message *) { return 0; }))};
}
const std::vector<std::string> kRename = {"rename", "aa11", "new"};

void polkit_asks_on_the_terminal_of_who_is_not_root() {
  const FakeAgent agent(kGood);
  const Setpriv setpriv;
  const PrivateBus bus;
  ScriptedDaemon daemon({renamed()});
  OnTerminal terminal(as_nobody(kRename));
  CHECK(terminal.end() == 0);
  CHECK(says(terminal.screen, "agent called: --process "));
  CHECK(says(terminal.screen, " --notify-fd 3"));
  CHECK(!says(terminal.screen, "--fallback"));  // polkit would pass it over: nobody here has a session
  CHECK(terminal.screen.find("agent called") < terminal.screen.find("now called"));
  CHECK(says(terminal.screen, "agent ended"));
  daemon.must_be_done();
}

void an_agent_that_will_not_end_is_ended_and_the_terminal_mended() {
  const FakeAgent agent("trap '' TERM\nstty -echo </dev/tty\nexec 3>&-\nread x </run/test/never\n");
  const Setpriv setpriv;
  const PrivateBus bus;
  ScriptedDaemon daemon({renamed()});
  OnTerminal terminal(as_nobody(kRename));
  terminal.await("now called");
  CHECK(terminal.end() == 0);
  CHECK(terminal.echoes());
  daemon.must_be_done();
}

void an_agent_that_fails_keeps_nobody_from_going_on() {
  const FakeAgent agent("exit 1\n");
  const Setpriv setpriv;
  const PrivateBus bus;
  ScriptedDaemon daemon({renamed()});
  OnTerminal terminal(as_nobody(kRename));
  CHECK(terminal.end() == 0);
  daemon.must_be_done();
}

void no_agent_for_root_nor_for_scripts_nor_for_who_forbids_it() {
  const FakeAgent agent("echo agent; exit 1\n");
  const PrivateBus bus;
  ScriptedDaemon daemon({{"RenameCredential root aa11 new", append([](sd_bus_message *) { return 0; })},
                         renamed(),
                         {"RenameCredential nobody aa11 new", [](sd_bus_message *call) {
                            return sd_bus_message_get_allow_interactive_authorization(call) > 0
                                       ? -EACCES
                                       : sd_bus_reply_method_errorf(call, "org.passkeyd1.Error.NotAllowed",
                                                                    "no");
                          }}});
  OnTerminal by_root(kRename);
  CHECK(by_root.end() == 0 && !says(by_root.screen, "agent"));
  const Setpriv setpriv;
  CHECK(run(as_nobody(kRename)).status == 0);
  OnTerminal forbidding(as_nobody(with(kRename, "--no-ask-password")));
  CHECK(forbidding.end() == 4 && !says(forbidding.screen, "agent"));
  daemon.must_be_done();
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  program = argv[1];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(a_person_names_the_passkey_and_tries_it),
      TEST(what_is_made_elsewhere_is_pasted_in_one_line_however_long_and_not_tried),
      TEST(who_pastes_nothing_gives_up),
      TEST(what_is_too_long_to_be_an_answer_is_not_sent),
      TEST(control_c_at_the_paste_leaves_the_terminal_as_it_was),
      TEST(a_script_pastes_through_standard_input),
      TEST(the_trial_is_of_the_new_passkey_and_no_other),
      TEST(a_trial_that_fails_says_what_to_do_and_that_the_passkey_stays),
      TEST(a_trial_that_cannot_be_made_from_here_is_no_failure),
      TEST(whoever_wants_no_trial_gets_none_and_a_script_only_if_it_asks),
      TEST(one_device_is_said_to_be_too_few_until_there_are_two),
      TEST(a_passkey_on_several_devices_should_not_be_called_like_one),
      TEST(everything_can_be_said_beforehand),
      TEST(what_nobody_can_be_asked_is_an_error_that_names_the_option),
      TEST(a_program_is_told_of_the_passkey_and_nothing_else),
      TEST(a_failed_enrollment_is_not_followed_by_anything),
      TEST(polkit_asks_on_the_terminal_of_who_is_not_root),
      TEST(an_agent_that_will_not_end_is_ended_and_the_terminal_mended),
      TEST(an_agent_that_fails_keeps_nobody_from_going_on),
      TEST(no_agent_for_root_nor_for_scripts_nor_for_who_forbids_it),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
