/// passkeyctl as people and scripts meet it: exit status, what goes to which stream, and PINs on a terminal.
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "common/handle.h"
#include "tests/check.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

std::string program;  ///< passkeyctl, set by main()

struct Ran {
  int status = -1;  ///< exit status, or 128 + signal
  std::string out;
  std::string err;
};

int status_of(pid_t child) {
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

[[noreturn]] void become(const std::vector<std::string> &arguments) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setenv("TZ", "UTC", 1);
  std::vector<char *> argv = {program.data()};
  for (const std::string &argument : arguments) argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  _exit(127);
}

std::string all_of(int file) {
  std::string text;
  char piece[4096];
  for (ssize_t got = 0; (got = read(file, piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<std::size_t>(got));
  return text;
}

/// Runs it in a session without a terminal, `input` on standard input. What it writes fits a pipe.
Ran run(const std::vector<std::string> &arguments, const std::string &input = "") {
  int in[2];
  int out[2];
  int err[2];
  CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0);
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    become(arguments);
  }
  for (const int mine : {in[0], out[1], err[1]}) close(mine);
  CHECK(write(in[1], input.data(), input.size()) == static_cast<ssize_t>(input.size()));
  close(in[1]);
  Ran ran;
  ran.out = all_of(out[0]);
  ran.err = all_of(err[0]);
  close(out[0]);
  close(err[0]);
  ran.status = status_of(child);
  return ran;
}

bool says(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

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
      {"unavailable", "limited", 6}, {"unavailable", "new", 3},         {"granted!", "welcome", 3}};
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

void input_that_ends_or_is_too_long_is_no_pin() {
  const PrivateBus bus;
  for (const std::string &input : {std::string(), std::string(513, '1') + "\n"}) {
    ScriptedDaemon daemon({kTest,
                           next("", "ask-secret", {{"message", "pin-key"}}),
                           {"Cancel", nothing()},
                           {"gone", nothing()}});
    CHECK(run({"test", "--user", "alice", "--pin-stdin"}, input).status == 3);
    daemon.must_be_done();
  }
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
                                                       {"status", "--user", "alice"}};
  for (const std::vector<std::string> &line : lines) CHECK(run(line).status == 2);
  daemon.must_be_done();
}

void help_and_version_need_no_daemon() {
  CHECK(run({"--version"}).out.starts_with("passkeyctl "));
  const Ran help = run({"--help"});
  CHECK(help.status == 0 && says(help.out, "Exit status"));
  for (const char *verb : {"enroll", "list", "test", "status"}) {
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
  ScriptedDaemon daemon({{"ListCredentials alice", list(kRows)}, {"ListCredentials root", list({})}});
  const Ran ran = run({"list", "--user", "alice"});
  CHECK(ran.status == 0 && ran.err.empty());
  CHECK(ran.out ==
        "ID    NAME    WAY  DEVICE   STATE      VERIFIES  CREATED           LAST USED\n"
        "aa11  k\xc3\xbcrzer  usb  Solo? 2  active     yes       2023-11-14 22:13  2023-11-14 22:14\n"
        "bb22  work    tpm  TPM      suspended  no        2023-11-14 22:13  never\n");
  const Ran none = run({"list"});
  CHECK(none.status == 0 && says(none.out, "passkeyctl enroll"));
  daemon.must_be_done();
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

void the_status_is_shown_both_ways() {
  const PrivateBus bus;
  const Reaction report = append([](sd_bus_message *m) {
    return append_dictionary(
        m, {{"version", "0.1.0"}, {"rp-id", "box.example"}, {"credentials", 3U}, {"tpm", true}});
  });
  ScriptedDaemon daemon({{"GetStatus", report}, {"GetStatus", report}});
  CHECK(run({"status"}).out ==
        "credentials:  3\nrp-id:        box.example\ntpm:          yes\nversion:      0.1.0\n");
  const nlohmann::json all = nlohmann::json::parse(run({"status", "--json"}).out);
  CHECK(all["rp_id"] == "box.example" && all["credentials"] == 3 && all["tpm"] == true);
  daemon.must_be_done();
}

// --- on a terminal
// -----------------------------------------------------------------------------------------------

/// The least a shell does: passkeyctl in the foreground; when it stops, says "[stopped]", takes the terminal,
/// and goes on at the next line. (Without a shell the kernel stops nobody: the process group would be
/// orphaned.)
[[noreturn]] void be_a_shell(const std::vector<std::string> &arguments) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGTTOU, SIG_IGN);
  const pid_t job = fork();
  if (job == 0) {
    setpgid(0, 0);
    tcsetpgrp(0, getpid());
    signal(SIGTTOU, SIG_DFL);
    become(arguments);
  }
  int status = 0;
  while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
    char line[16];
    tcsetpgrp(0, getpid());
    if (write(1, "[stopped]\n", 10) != 10 || read(0, line, sizeof line) <= 0) _exit(126);
    tcsetpgrp(0, job);
    kill(job, SIGCONT);
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/// passkeyctl on a terminal of its own, of which we hold the other end.
class OnTerminal {
 public:
  explicit OnTerminal(const std::vector<std::string> &arguments) {
    int master = -1;
    child_ = forkpty(&master, nullptr, nullptr, nullptr);
    if (child_ == 0) be_a_shell(arguments);
    CHECK(child_ > 0);
    master_.reset(master);
  }
  ~OnTerminal() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  OnTerminal(const OnTerminal &) = delete;
  OnTerminal &operator=(const OnTerminal &) = delete;

  /// Reads the screen until `text` is on it.
  void await(const char *text) {
    while (!says(screen, text)) {
      pollfd waiting = {master_.get(), POLLIN, 0};
      char piece[512];
      if (poll(&waiting, 1, 20000) <= 0) throw Failed(std::string("never on the screen: ") + text);
      const ssize_t got = read(master_.get(), piece, sizeof piece);
      if (got <= 0) throw Failed(std::string("ended without on the screen: ") + text);
      screen.append(piece, static_cast<std::size_t>(got));
    }
  }
  void type(const std::string &keys) {
    CHECK(write(master_.get(), keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }
  [[nodiscard]] bool echoes() const {
    termios modes = {};
    CHECK(tcgetattr(master_.get(), &modes) == 0);
    return (modes.c_lflag & ECHO) != 0;
  }
  /// Gives the exit status; the screen then holds everything.
  int end() {
    screen += all_of(master_.get());
    return status_of(std::exchange(child_, -1));
  }
  std::string screen;

 private:
  Fd master_;
  pid_t child_ = -1;
};

const char *const kPrompt = "PIN of your Solo 2, or Enter to skip: ";
const Event kAsks = next("", "ask-secret", {{"message", "pin-key"}, {"device", "Solo 2"}});
/// On a terminal the tty is sent, too; its number is not known beforehand.
ScriptedDaemon daemon_for_a_terminal(std::vector<Event> rest) {
  std::vector<Event> script = {{"BeginEnrollment user=root way=usb", attempt()}, kAsks};
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
      TEST(every_end_has_its_exit_status),
      TEST(an_error_of_the_daemon_has_its_exit_status),
      TEST(without_the_service_it_says_what_to_look_at),
      TEST(a_script_gives_pins_on_standard_input_a_line_each),
      TEST(input_that_ends_or_is_too_long_is_no_pin),
      TEST(without_a_terminal_no_pin_is_taken_from_standard_input_unasked),
      TEST(an_enrollment_is_for_oneself_by_default),
      TEST(wrong_usage_asks_the_daemon_nothing),
      TEST(help_and_version_need_no_daemon),
      TEST(the_list_is_a_table_for_people),
      TEST(the_list_is_json_for_programs),
      TEST(the_status_is_shown_both_ways),
      TEST(a_pin_typed_on_a_terminal_is_not_seen),
      TEST(a_signal_at_the_prompt_ends_it_with_the_terminal_mended),
      TEST(a_stopped_prompt_gives_the_terminal_back_and_asks_again),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
