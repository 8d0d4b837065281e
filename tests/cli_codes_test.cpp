/// Backup codes as passkeyctl hands them out: to people, printers, cameras and scripts, and to nobody
/// unasked.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "common/secret.h"
#include "tests/check.h"
#include "tests/passkeyctl.h"
#include "tests/private_machine.h"
#include "tests/qr_reader.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

const std::string kTen =
    "1-K3M9X-0TQ4Z-P8RWA\n2-AAAAA-BBBBB-CCCCC\n3-DDDDD-EEEEE-FFFFF\n4-GGGGG-HHHHH-JJJJJ\n"
    "5-KKKKK-MMMMM-NNNNN\n6-PPPPP-QQQQQ-RRRRR\n7-SSSSS-TTTTT-VVVVV\n8-WWWWW-XXXXX-YYYYY\n"
    "9-ZZZZZ-00000-11111\n10-22222-33333-44444";
const char *const kColumns =
    "   1-K3M9X-0TQ4Z-P8RWA       6-PPPPP-QQQQQ-RRRRR\n"
    "   2-AAAAA-BBBBB-CCCCC       7-SSSSS-TTTTT-VVVVV\n"
    "   3-DDDDD-EEEEE-FFFFF       8-WWWWW-XXXXX-YYYYY\n"
    "   4-GGGGG-HHHHH-JJJJJ       9-ZZZZZ-00000-11111\n"
    "   5-KKKKK-MMMMM-NNNNN      10-22222-33333-44444\n";

/// Answers NewBackupCodes with the codes as they should come.
Reaction codes(const std::string &lines, std::uint32_t count = 10) {
  return append([lines, count](sd_bus_message *reply) {
    const Fd file = MUST(to_memfd(MUST(Secret::parse(lines))));
    return sd_bus_message_append(reply, "hu", file.get(), count);
  });
}

Event state(Dictionary more) {
  Dictionary row = {{"locked", false}};
  row.insert(row.end(), more.begin(), more.end());
  return {"CheckAccount alice",
          append([row](sd_bus_message *reply) { return append_dictionary(reply, row); })};
}

const Event kMade = {"NewBackupCodes alice", codes(kTen)};
const Event kHasNone = state({{"codes-left", 0U}});
const Event kHasSome = state({{"codes-left", 3U}});

std::vector<std::string> for_alice(std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"backup-codes", "--user", "alice"});
  return more;
}

/// What a terminal made of "\n".
std::string unix_lines(std::string screen) {
  std::erase(screen, '\r');
  return screen;
}

std::vector<std::string> lines_of(const std::string &text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// --- showing them
// ------------------------------------------------------------------------------------------------

void a_person_sees_numbered_codes_in_two_columns_and_where_to_keep_them() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kHasNone, kMade});
  OnTerminal terminal(for_alice());
  CHECK(terminal.end() == 0);
  const std::string screen = unix_lines(terminal.screen);
  CHECK(says(screen, kColumns));
  CHECK(says(screen, "keep them apart from the key"));
  CHECK(!says(screen, "[y/N]"));
  daemon.must_be_done();
}

void a_script_gets_a_line_for_each_code_and_nothing_else_on_standard_output() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kMade, {"NewBackupCodes alice", codes(kTen + "\n")}});
  for (int newline_at_the_end = 0; newline_at_the_end < 2; ++newline_at_the_end) {
    const Ran ran = run(for_alice({"--yes"}));
    CHECK(ran.status == 0 && ran.out == kTen + "\n");
    CHECK(says(ran.err, "keep them apart") && !says(ran.err, "K3M9X"));
  }
  daemon.must_be_done();
}

void the_page_for_a_printer_stands_for_itself() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kMade});
  const Ran ran = run(for_alice({"--yes", "--print"}));
  CHECK(ran.status == 0 && ran.err.empty());
  char host[256] = {};
  CHECK(gethostname(host, sizeof host - 1) == 0);
  for (const char *part :
       {"alice", static_cast<const char *>(host), "made on:   20", kColumns, "only once", "Keep this page"})
    CHECK(says(ran.out, part));
  for (const std::string &line : lines_of(ran.out)) {
    CHECK(line.size() <= 72);
    CHECK(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }));
  }
  daemon.must_be_done();
}

void a_camera_reads_the_codes_off_a_dark_and_off_a_light_terminal() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kMade});
  OnTerminal terminal(for_alice({"--yes", "--qr"}), 80);
  CHECK(terminal.end() == 0);
  CHECK(says(unix_lines(terminal.screen), kColumns));
  CHECK(read_qr(terminal.screen, Surface::DarkTerminal) == kTen);
  CHECK(read_qr(terminal.screen, Surface::LightTerminal) == kTen);
  daemon.must_be_done();
}

void a_camera_reads_the_codes_off_paper() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kMade});
  const Ran ran = run(for_alice({"--yes", "--qr"}));
  CHECK(ran.status == 0 && !says(ran.out, "\x1b"));
  CHECK(ran.out.starts_with(kTen + "\n"));
  CHECK(read_qr(ran.out, Surface::Paper) == kTen);
  daemon.must_be_done();
}

void a_terminal_too_narrow_for_the_qr_code_still_shows_the_codes() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kMade});
  OnTerminal terminal(for_alice({"--yes", "--qr"}), 50);
  CHECK(terminal.end() == 0);
  CHECK(says(unix_lines(terminal.screen), kColumns));
  CHECK(says(terminal.screen, "columns") && !says(terminal.screen, "\u2588"));
  daemon.must_be_done();
}

void codes_that_cannot_be_written_are_not_called_shown() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kMade, kMade});
  for (const char *form : {"--yes", "--print"}) {
    const Ran ran = run(for_alice({"--yes", form}), "", "/dev/full");
    CHECK(ran.status == 3 && says(ran.err, "make new ones"));
  }
  daemon.must_be_done();
}

/// Not sealed, so that it could change while it is read.
Reaction unsealed() {
  return append([](sd_bus_message *reply) {
    const Fd file(memfd_create("codes", MFD_CLOEXEC));
    CHECK(write(file.get(), kTen.data(), kTen.size()) == static_cast<ssize_t>(kTen.size()));
    return sd_bus_message_append(reply, "hu", file.get(), 10U);
  });
}

void what_is_no_set_of_codes_is_not_shown() {
  const PrivateBus bus;
  const std::vector<Reaction> answers = {
      unsealed(),
      codes(kTen, 9),
      codes(kTen, 11),
      codes(kTen + "\n11-55555-66666-77777", 11),
      codes(kTen + "\n\n", 11),
      codes("", 0),
      codes("", 1),
      codes("1-\x1b[2JA", 1),
      codes("1-abcde", 1),
      codes(std::string(41, 'A'), 1),
      error("org.passkeyd1.Error.Internal"),
      append([](sd_bus_message *reply) { return sd_bus_message_append(reply, "s", "1-AAAAA"); }),
  };
  for (const Reaction &answer : answers) {
    ScriptedDaemon daemon({{"NewBackupCodes alice", answer}});
    const Ran ran = run(for_alice({"--yes"}));
    CHECK(ran.status == 3 && ran.out.empty() && !says(ran.err, "AAAAA"));
    daemon.must_be_done();
  }
}

// --- making earlier ones void
// ------------------------------------------------------------------------------------

void earlier_codes_are_given_up_only_by_a_person_who_says_yes() {
  const PrivateBus bus;
  const char *const question =
      "alice has 3 backup codes left. New ones make all earlier ones void. Make them? [y/N] ";
  for (const char *no : {"\n", "n\n", "yeah\n", "\x04"}) {
    ScriptedDaemon daemon({kHasSome});
    OnTerminal terminal(for_alice());
    terminal.await(question);
    terminal.type(no);
    CHECK(terminal.end() == 3);
    daemon.must_be_done();
  }
  ScriptedDaemon daemon({kHasSome, kMade});
  OnTerminal terminal(for_alice());
  terminal.await(question);
  terminal.type("y\n");
  CHECK(terminal.end() == 0 && says(unix_lines(terminal.screen), kColumns));
  daemon.must_be_done();
}

void where_nobody_can_be_asked_earlier_codes_stay() {
  const PrivateBus bus;
  for (const Event &account : {kHasSome, state({})}) {
    ScriptedDaemon daemon({account});
    const Ran ran = run(for_alice(), "y\n");
    CHECK(ran.status == 2 && ran.out.empty() && says(ran.err, "--yes"));
    daemon.must_be_done();
  }
}

void the_first_codes_void_nothing_and_need_no_consent() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kHasNone, kMade});
  const Ran ran = run(for_alice());
  CHECK(ran.status == 0 && ran.out == kTen + "\n");
  daemon.must_be_done();
}

void who_may_not_have_them_gets_none() {
  const PrivateBus bus;
  ScriptedDaemon asked({{"CheckAccount alice", error("org.passkeyd1.Error.NotAllowed")}});
  CHECK(run(for_alice()).status == 4);
  asked.must_be_done();
  ScriptedDaemon made({{"NewBackupCodes alice", error("org.passkeyd1.Error.NotAllowed")}});
  CHECK(run(for_alice({"--yes"})).status == 4);
  made.must_be_done();
}

// --- with an enrollment
// ------------------------------------------------------------------------------------------

const std::vector<std::string> kEnroll = {"enroll", "--user", "alice", "--usb"};

std::vector<Event> enrolled(std::uint32_t codes_left, std::vector<Event> then = {}) {
  std::vector<Event> script = {{"BeginEnrollment user=alice way=usb*", attempt()},
                               next("", "granted", {{"message", "enrolled"}, {"codes-left", codes_left}})};
  script.insert(script.end(), then.begin(), then.end());
  return script;
}

void the_first_passkey_comes_with_backup_codes() {
  const PrivateBus bus;
  ScriptedDaemon daemon(enrolled(0, {kMade}));
  OnTerminal terminal(kEnroll);
  CHECK(terminal.end() == 0);
  const std::string screen = unix_lines(terminal.screen);
  CHECK(screen.find("ready to use") < screen.find(kColumns) && says(screen, kColumns));
  daemon.must_be_done();
}

void whoever_has_codes_keeps_them() {
  const PrivateBus bus;
  ScriptedDaemon daemon(enrolled(1));
  OnTerminal terminal(kEnroll);
  CHECK(terminal.end() == 0 && !says(terminal.screen, "backup"));
  daemon.must_be_done();
}

void codes_that_are_not_wanted_are_not_made() {
  const PrivateBus bus;
  ScriptedDaemon daemon(enrolled(0));
  std::vector<std::string> line = kEnroll;
  line.push_back("--no-backup-codes");
  OnTerminal terminal(line);
  CHECK(terminal.end() == 0 && !says(terminal.screen, "backup"));
  daemon.must_be_done();
}

void a_script_that_enrolls_is_told_how_to_make_codes() {
  const PrivateBus bus;
  ScriptedDaemon daemon(enrolled(0));
  const Ran ran = run(kEnroll);
  CHECK(ran.status == 0 && says(ran.err, "passkeyctl backup-codes"));
  CHECK(!says(ran.out, "backup"));
  daemon.must_be_done();
}

void a_passkey_is_enrolled_even_if_its_codes_fail() {
  const PrivateBus bus;
  ScriptedDaemon daemon(enrolled(0, {{"NewBackupCodes alice", error("org.passkeyd1.Error.Io")}}));
  OnTerminal terminal(kEnroll);
  CHECK(terminal.end() == 0 && says(terminal.screen, "passkeyctl backup-codes"));
  daemon.must_be_done();
}

void the_first_codes_can_be_printed_at_once() {
  const PrivateBus bus;
  ScriptedDaemon daemon(enrolled(0, {kMade}));
  std::vector<std::string> line = kEnroll;
  line.push_back("--print");
  const Ran ran = run(line);
  CHECK(ran.status == 0 && says(ran.out, kColumns) && !says(ran.out, "ready to use"));
  CHECK(says(ran.err, "ready to use"));
  daemon.must_be_done();
}

void no_codes_follow_a_failed_enrollment() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"BeginEnrollment user=alice way=usb*", attempt()},
                         next("", "unavailable", {{"message", "timeout"}, {"codes-left", 0U}})});
  OnTerminal terminal(kEnroll);
  CHECK(terminal.end() == 3);
  daemon.must_be_done();
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  program = argv[1];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(a_person_sees_numbered_codes_in_two_columns_and_where_to_keep_them),
      TEST(a_script_gets_a_line_for_each_code_and_nothing_else_on_standard_output),
      TEST(the_page_for_a_printer_stands_for_itself),
      TEST(a_camera_reads_the_codes_off_a_dark_and_off_a_light_terminal),
      TEST(a_camera_reads_the_codes_off_paper),
      TEST(a_terminal_too_narrow_for_the_qr_code_still_shows_the_codes),
      TEST(codes_that_cannot_be_written_are_not_called_shown),
      TEST(what_is_no_set_of_codes_is_not_shown),
      TEST(earlier_codes_are_given_up_only_by_a_person_who_says_yes),
      TEST(where_nobody_can_be_asked_earlier_codes_stay),
      TEST(the_first_codes_void_nothing_and_need_no_consent),
      TEST(who_may_not_have_them_gets_none),
      TEST(the_first_passkey_comes_with_backup_codes),
      TEST(whoever_has_codes_keeps_them),
      TEST(codes_that_are_not_wanted_are_not_made),
      TEST(a_script_that_enrolls_is_told_how_to_make_codes),
      TEST(a_passkey_is_enrolled_even_if_its_codes_fail),
      TEST(the_first_codes_can_be_printed_at_once),
      TEST(no_codes_follow_a_failed_enrollment),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
