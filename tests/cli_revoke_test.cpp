/// passkeyctl that takes away and lets in: revoke, resume, reset-limits. Most of it is about what is not
/// done: without a yes, on nonsense, or twice.
#include <memory>  // first: CMocka has a macro fail

#include "tests/check.h"
#include "tests/passkeyctl.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr const char *kModel = "2fc0579f-8113-47ea-b116-bb5a8db9202a";

Dictionary passkey(const std::string &id, const std::string &name, const std::string &state = "active",
                   const std::string &user = "alice") {
  return {{"id", id},
          {"user", user},
          {"name", name},
          {"way", "usb"},
          {"device", "Solo 2"},
          {"state", state},
          {"created", std::int64_t{1764547200}}};
}

const Dictionary kBlue = passkey("aaaaaaaaaa", "Blue key");
const Dictionary kGreen = passkey("bbbbbbbbbb", "Green key");
const Dictionary kGone = passkey("cccccccccc", "Old key", "revoked");
const Dictionary kCloned = passkey("dddddddddd", "Red key", "suspended");

Reaction list(const std::vector<Dictionary> &rows) {
  return append([rows](sd_bus_message *reply) {
    sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (const Dictionary &row : rows) append_dictionary(reply, row);
    return sd_bus_message_close_container(reply);
  });
}

Event lists(const std::vector<Dictionary> &rows, const std::string &user = "alice") {
  return {"ListCredentials " + user, list(rows)};
}

Event codes_left(std::uint32_t codes) {
  return {"CheckAccount alice", append([codes](sd_bus_message *reply) {
            return append_dictionary(reply, {{"locked", false}, {"codes-left", codes}});
          })};
}

Reaction done() {
  return append([](sd_bus_message *) { return 0; });
}

Reaction count(std::uint32_t number) {
  return append([number](sd_bus_message *reply) { return sd_bus_message_append(reply, "u", number); });
}

Reaction refuses(const std::string &kind) {
  return error("org.passkeyd1.Error." + kind);
}

Event revokes(const std::string &rest, Reaction react = done()) {
  return {"RevokeCredential " + rest, std::move(react)};
}

const std::vector<std::string> kRevokeBlue = {"revoke", "alice", "aaaaaaaaaa"};

// --- saying yes, and not saying it

void a_person_is_told_what_is_left_and_that_it_is_for_ever_before_they_say_yes() {
  const PrivateBus bus;
  ScriptedDaemon daemon({lists({kBlue, kGreen, kGone}), codes_left(7), revokes("alice aaaaaaaaaa")});
  OnTerminal terminal(kRevokeBlue);
  terminal.await("Revoke it? [y/N] ");
  for (const char *part : {"\"Blue key\" (aaaaaaaaaa) of alice", "on a security key, Solo 2",
                           "one other passkey, \"Green key\", 7 backup codes, and the password", "for ever"})
    CHECK(says(terminal.screen, part));
  CHECK(!says(terminal.screen, "no passkey that works"));
  terminal.type("y\n");
  CHECK(terminal.end() == 0);
  CHECK(says(terminal.screen, "The passkey \"Blue key\" (aaaaaaaaaa) of alice is revoked."));
  daemon.must_be_done();
}

void that_it_is_the_last_one_is_said_also_where_others_are_suspended_or_revoked() {
  const PrivateBus bus;
  for (const std::uint32_t codes : {0U, 1U}) {
    ScriptedDaemon daemon({lists({kBlue, kGone, kCloned}), codes_left(codes)});
    OnTerminal terminal(kRevokeBlue);
    terminal.await("Revoke it? [y/N] ");
    CHECK(says(terminal.screen, "alice then has no passkey that works."));
    CHECK(says(terminal.screen, codes == 0 ? "no other passkey, no backup codes, and the password"
                                           : "1 backup code (asked for only where backup_codes = always)"));
    terminal.type("n\n");
    CHECK(terminal.end() == 3);
    daemon.must_be_done();
  }
}

void anything_but_yes_changes_nothing_and_says_so() {
  const PrivateBus bus;
  for (const char *no : {"\n", "n\n", "yeah\n", "\x04"}) {
    ScriptedDaemon daemon({lists({kBlue}), codes_left(7)});
    OnTerminal terminal(kRevokeBlue);
    terminal.await("[y/N] ");
    terminal.type(no);
    CHECK(terminal.end() == 3 && says(terminal.screen, "nothing was changed"));
    daemon.must_be_done();
  }
}

void ctrl_c_at_the_question_changes_nothing_says_so_and_ends_it() {
  const PrivateBus bus;
  ScriptedDaemon daemon({lists({kBlue}), codes_left(7)});
  OnTerminal terminal(kRevokeBlue);
  terminal.await("[y/N] ");
  terminal.type("\x03");
  CHECK(terminal.end() == 128 + 2 && says(terminal.screen, "nothing was changed"));
  daemon.must_be_done();
}

void where_nobody_can_be_asked_nothing_is_revoked_and_yes_is_named() {
  const PrivateBus bus;
  ScriptedDaemon one({lists({kBlue}), codes_left(0)});
  const Ran ran = run(kRevokeBlue, "y\n");
  CHECK(ran.status == 2 && ran.out.empty());
  CHECK(says(ran.err, "--yes") && says(ran.err, "nothing was changed") && says(ran.err, "the password"));
  one.must_be_done();
  ScriptedDaemon all({lists({kBlue}), codes_left(0)});
  CHECK(run({"revoke", "alice", "--all"}, "y\n").status == 2);
  all.must_be_done();
}

void a_script_that_says_yes_is_not_asked_and_needs_nothing_but_the_revocation() {
  const PrivateBus bus;
  ScriptedDaemon daemon({revokes("alice aaaaaaaaaa reason=lost it")});
  const Ran ran = run({"revoke", "alice", "aaaaaaaaaa", "--reason", "lost it", "--yes"});
  CHECK(ran.status == 0 && ran.err.empty());
  CHECK(ran.out == "The passkey \"aaaaaaaaaa\" of alice is revoked.\n");
  daemon.must_be_done();
}

// --- whose and which

void every_form_names_the_same_passkey() {
  const PrivateBus bus;
  struct Row {
    std::vector<std::string> words;
    const char *call;
  };
  const Row rows[] = {
      {{"alice", "aaaaaaaaaa"}, "RevokeCredential alice aaaaaaaaaa"},
      {{"aaaaaaaaaa", "--user", "alice"}, "RevokeCredential alice aaaaaaaaaa"},
      {{"--user", "alice", "Blue key"}, "RevokeCredential alice Blue key"},
      {{"aaaaaaaaaa"}, "RevokeCredential root aaaaaaaaaa"},
  };
  for (const Row &row : rows) {
    ScriptedDaemon daemon({{row.call, done()}});
    std::vector<std::string> line = {"revoke", "--yes"};
    line.insert(line.end(), row.words.begin(), row.words.end());
    CHECK(run(line).status == 0);
    daemon.must_be_done();
  }
  const Row all[] = {
      {{"alice"}, "RevokeAll alice"}, {{"--user", "alice"}, "RevokeAll alice"}, {{}, "RevokeAll root"}};
  for (const Row &row : all) {
    ScriptedDaemon daemon({{row.call, count(2)}});
    std::vector<std::string> line = {"revoke", "--yes", "--all"};
    line.insert(line.end(), row.words.begin(), row.words.end());
    const Ran ran = run(line);
    CHECK(ran.status == 0 && says(ran.out, "2 passkeys of "));
    daemon.must_be_done();
  }
}

/// A name could be given to another passkey between the question and the answer.
void what_was_shown_is_what_is_revoked_whatever_it_is_called_by_then() {
  const PrivateBus bus;
  ScriptedDaemon daemon({lists({kBlue, kGreen}), codes_left(7), revokes("alice aaaaaaaaaa")});
  OnTerminal terminal({"revoke", "alice", "Blue key"});
  terminal.await("[y/N] ");
  terminal.type("y\n");
  CHECK(terminal.end() == 0);
  daemon.must_be_done();
}

void command_lines_that_make_no_sense_reach_nobody() {
  const PrivateBus bus;
  const std::string long_name(10000, 'a');
  const std::vector<std::vector<std::string>> lines = {
      {"revoke"},
      {"revoke", ""},
      {"revoke", "alice", ""},
      {"revoke", "", "aaaaaaaaaa"},
      {"revoke", "", "--all"},
      {"revoke", "--user", "", "aaaaaaaaaa"},
      {"revoke", "alice", "aaaaaaaaaa", "bbbbbbbbbb"},
      {"revoke", "alice", "aaaaaaaaaa", "--all"},
      {"revoke", "alice", "aaaaaaaaaa", "--user", "bob"},
      {"revoke", "alice", "--user", "bob", "--all"},
      {"revoke", "alice", "a\x1b[2Jb"},
      {"revoke", "alice", "\xff\xfe"},
      {"revoke", "alice", long_name},
      {"revoke", long_name, "aaaaaaaaaa"},
      {"revoke", "a/b", "aaaaaaaaaa"},
      {"revoke", "alice", "aaaaaaaaaa", "--reason", ""},
      {"revoke", "alice", "aaaaaaaaaa", "--reason", std::string(201, 'r')},
      {"revoke", "alice", "aaaaaaaaaa", "--reason", "two\nlines"},
      {"revoke", "alice", "aaaaaaaaaa", "--dry-run"},
      {"revoke", "--authenticator", kModel, "alice"},
      {"revoke", "--authenticator", kModel, "--all"},
      {"revoke", "--authenticator", kModel, "--user", "alice"},
      {"revoke", "--authenticator", ""},
      {"revoke", "--authenticator", "2fc0579f811347eab116bb5a8db9202a"},
      {"revoke", "--authenticator", "2fc0579f-8113-47ea-b116-bb5a8db9202g"},
      {"revoke", "--enrolled-before", ""},
      {"revoke", "--enrolled-before", "2026-02-30"},
      {"revoke", "--enrolled-before", "2026-1-1"},
      {"revoke", "--enrolled-before", "2026-01-01 24:00"},
      {"revoke", "--enrolled-before", "2026-01-01x"},
      {"revoke", "--enrolled-before", "today"},
      {"revoke", "--enrolled-before=-2h"},
      {"revoke", "--enrolled-before", "@"},
      {"revoke", "--enrolled-before", "@-1"},
      {"revoke", "--enrolled-before", "@99999999999999999999"},
      {"resume"},
      {"resume", "alice", "aaaaaaaaaa", "--user", "bob"},
      {"resume", "alice", long_name},
      {"reset-limits"},
      {"reset-limits", ""},
      {"reset-limits", long_name},
      {"lock", "alice", "--reason", "\x1b"},
  };
  ScriptedDaemon daemon({});
  for (const std::vector<std::string> &line : lines) {
    const Ran ran = run(line);
    if (ran.status != 2) throw Failed("accepted: " + line[0] + " " + (line.size() > 1 ? line[1] : ""));
    CHECK(ran.out.empty() && !ran.err.empty() && ran.err.size() < 400 && !says(ran.err, "\x1b"));
  }
  daemon.must_be_done();
}

void a_passkey_that_is_not_there_is_not_asked_about() {
  const PrivateBus bus;
  ScriptedDaemon daemon({lists({kGreen}), lists({}), lists({passkey("1", "same"), passkey("2", "same")})});
  for (int none = 0; none < 2; ++none) {
    const Ran ran = run(kRevokeBlue);
    CHECK(ran.status == 5 && says(ran.err, "alice has no passkey") && says(ran.err, "--all"));
  }
  CHECK(run({"revoke", "alice", "same"}).status == 2);
  daemon.must_be_done();
}

// --- twice

void what_is_revoked_already_is_said_to_be() {
  const PrivateBus bus;
  ScriptedDaemon daemon({lists({kGone, kBlue}), lists({kGone}), {"RevokeAll alice", count(0)}});
  const Ran one = run({"revoke", "alice", "cccccccccc"});
  CHECK(one.status == 5 && says(one.err, "\"Old key\" (cccccccccc) of alice is revoked already"));
  const Ran all = run({"revoke", "alice", "--all"});
  CHECK(all.status == 5 && says(all.err, "not revoked already"));
  CHECK(run({"revoke", "alice", "--all", "--yes"}).status == 5);
  daemon.must_be_done();
}

void who_comes_second_is_told_that_it_is_done_and_not_that_they_did_it() {
  const PrivateBus bus;
  for (const char *kind : {"InvalidInput", "NotFound"}) {
    ScriptedDaemon daemon(
        {revokes("alice aaaaaaaaaa", refuses(kind)), lists({passkey("aaaaaaaaaa", "Blue key", "revoked")})});
    const Ran ran = run({"revoke", "alice", "aaaaaaaaaa", "--yes"});
    CHECK(ran.status == 5 && ran.out.empty() && says(ran.err, "is revoked already"));
    daemon.must_be_done();
  }
}

void a_refusal_is_told_and_nothing_is_called_revoked() {
  const PrivateBus bus;
  const std::pair<const char *, int> refusals[] = {{"NotAllowed", 4}, {"StorageFull", 3}, {"Busy", 3}};
  for (const auto &[kind, status] : refusals) {
    ScriptedDaemon daemon({revokes("alice aaaaaaaaaa", refuses(kind)), {"RevokeAll alice", refuses(kind)}});
    for (const char *what : {"aaaaaaaaaa", "--all"}) {
      const Ran ran = run({"revoke", "alice", what, "--yes", "--end-sessions"});
      CHECK(ran.status == status && ran.out.empty() && !ran.err.empty());
    }
    daemon.must_be_done();
  }
  ScriptedDaemon full({revokes("alice aaaaaaaaaa", refuses("StorageFull"))});
  CHECK(says(run({"revoke", "alice", "aaaaaaaaaa", "--yes"}).err, "Nothing was changed"));
}

// --- recalls

const std::string kMatching = std::string(" authenticator=") + kModel;

void a_recall_shows_whom_it_meets_before_it_asks() {
  const PrivateBus bus;
  const std::vector<Dictionary> met = {kBlue, passkey("eeeeeeeeee", "Bobs key", "active", "bob")};
  ScriptedDaemon daemon({{"RevokeMatching" + kMatching + " dry-run reason=recalled", list(met)},
                         {"RevokeMatching" + kMatching + " reason=recalled", list(met)}});
  OnTerminal terminal(
      {"revoke", "--authenticator", "2FC0579F-8113-47EA-B116-BB5A8DB9202A", "--reason", "recalled"});
  terminal.await("Revoke all of them? [y/N] ");
  CHECK(says(terminal.screen, "Bobs key") && says(terminal.screen, "2 passkeys of 2 accounts"));
  terminal.type("y\n");
  CHECK(terminal.end() == 0 && says(terminal.screen, "Revoked: 2 passkeys of 2 accounts."));
  daemon.must_be_done();
}

void a_rehearsal_of_a_recall_and_a_recall_without_yes_change_nothing() {
  const PrivateBus bus;
  const Event shown = {"RevokeMatching dry-run enrolled-before=1764547200", list({kBlue})};
  for (const char *date : {"2025-12-01", "2025-12-01 00:00", "@1764547200"}) {
    ScriptedDaemon daemon({shown, shown});
    const Ran rehearsed = run({"revoke", "--enrolled-before", date, "--dry-run"});
    CHECK(rehearsed.status == 0 && says(rehearsed.out, "Blue key") &&
          says(rehearsed.out, "Nothing was changed"));
    const Ran asked = run({"revoke", "--enrolled-before", date}, "y\n");
    CHECK(asked.status == 2 && says(asked.err, "--yes"));
    daemon.must_be_done();
  }
}

/// A model that a whole company uses, and what was revoked long ago stays in listings.
void a_recall_may_meet_twenty_thousand() {
  const PrivateBus bus;
  std::vector<Dictionary> met;
  for (int number = 0; number < 20'000; ++number)
    met.push_back(passkey("e" + std::to_string(100'000'000 + number), "Key"));
  ScriptedDaemon daemon(
      {{"RevokeMatching" + kMatching + " dry-run", list(met)}, {"RevokeMatching" + kMatching, list(met)}});
  const Ran ran = run({"revoke", "--authenticator", kModel, "--yes"});
  CHECK(ran.status == 0 && says(ran.out, "Revoked: 20000 passkeys of 1 account."));
  daemon.must_be_done();
}

void a_recall_that_meets_nobody_says_so() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"RevokeMatching" + kMatching + " dry-run", list({})}});
  CHECK(run({"revoke", "--authenticator", kModel, "--yes"}).status == 5);
  daemon.must_be_done();
}

// --- resuming, and tries

void resuming_explains_what_a_clone_is_and_asks() {
  const PrivateBus bus;
  ScriptedDaemon daemon({lists({kCloned}), {"ResumeCredential alice dddddddddd reason=same key", done()}});
  OnTerminal terminal({"resume", "alice", "Red key", "--reason", "same key"});
  terminal.await("Resume it? [y/N] ");
  CHECK(says(terminal.screen, "counted backwards") && says(terminal.screen, "a clone"));
  terminal.type("y\n");
  CHECK(terminal.end() == 0 && says(terminal.screen, "works again"));
  daemon.must_be_done();
}

void only_what_is_suspended_is_resumed() {
  const PrivateBus bus;
  ScriptedDaemon daemon({lists({kBlue}), lists({kGone}), lists({}), lists({kCloned})});
  CHECK(says(run({"resume", "alice", "aaaaaaaaaa", "--yes"}).err, "not suspended"));
  CHECK(says(run({"resume", "alice", "cccccccccc", "--yes"}).err, "for ever"));
  CHECK(run({"resume", "alice", "dddddddddd", "--yes"}).status == 5);
  CHECK(run({"resume", "dddddddddd", "--user", "alice"}).status == 2);  // nobody to ask
  daemon.must_be_done();
}

void tries_are_forgotten_when_an_administrator_says_so() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"ResetLimits alice", done()},
                         {"ResetLimits alice", refuses("NotAllowed")},
                         {"ResetLimits alice", refuses("NotFound")}});
  const Ran ran = run({"reset-limits", "alice"});
  CHECK(ran.status == 0 && says(ran.out, "forgotten"));
  CHECK(run({"reset-limits", "alice"}).status == 4);
  CHECK(run({"reset-limits", "alice"}).status == 5);
  daemon.must_be_done();
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  program = argv[1];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(a_person_is_told_what_is_left_and_that_it_is_for_ever_before_they_say_yes),
      TEST(that_it_is_the_last_one_is_said_also_where_others_are_suspended_or_revoked),
      TEST(anything_but_yes_changes_nothing_and_says_so),
      TEST(ctrl_c_at_the_question_changes_nothing_says_so_and_ends_it),
      TEST(where_nobody_can_be_asked_nothing_is_revoked_and_yes_is_named),
      TEST(a_script_that_says_yes_is_not_asked_and_needs_nothing_but_the_revocation),
      TEST(every_form_names_the_same_passkey),
      TEST(what_was_shown_is_what_is_revoked_whatever_it_is_called_by_then),
      TEST(command_lines_that_make_no_sense_reach_nobody),
      TEST(a_passkey_that_is_not_there_is_not_asked_about),
      TEST(what_is_revoked_already_is_said_to_be),
      TEST(who_comes_second_is_told_that_it_is_done_and_not_that_they_did_it),
      TEST(a_refusal_is_told_and_nothing_is_called_revoked),
      TEST(a_recall_shows_whom_it_meets_before_it_asks),
      TEST(a_rehearsal_of_a_recall_and_a_recall_without_yes_change_nothing),
      TEST(a_recall_may_meet_twenty_thousand),
      TEST(a_recall_that_meets_nobody_says_so),
      TEST(resuming_explains_what_a_clone_is_and_asks),
      TEST(only_what_is_suspended_is_resumed),
      TEST(tries_are_forgotten_when_an_administrator_says_so),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
