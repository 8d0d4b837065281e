/// What --end-sessions ends and what it leaves alone: sessions by way of a scripted logind, and sudo's
/// records.
#include <sys/stat.h>
#include <unistd.h>

#include <memory>  // first: CMocka has a macro fail

#include "tests/check.h"
#include "tests/logind/scripted_logind.h"
#include "tests/passkeyctl.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

Reaction count(std::uint32_t number) {
  return append([number](sd_bus_message *reply) { return sd_bus_message_append(reply, "u", number); });
}

Reaction done() {
  return append([](sd_bus_message *) { return 0; });
}

Reaction list(const std::vector<Dictionary> &rows) {
  return append([rows](sd_bus_message *reply) {
    sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (const Dictionary &row : rows) append_dictionary(reply, row);
    return sd_bus_message_close_container(reply);
  });
}

Dictionary passkey(const std::string &user, std::uint32_t uid, const std::string &id = "aaaaaaaaaa") {
  return {{"id", id},     {"user", user},       {"uid", uid},        {"name", "Key"},
          {"way", "usb"}, {"device", "Solo 2"}, {"state", "active"}, {"created", std::int64_t{1764547200}}};
}

// --- ending sessions ("daemon" is an account of every Debian machine, number 1)

bool was_asked(ScriptedLogind &logind, const std::vector<std::string> &wanted) {
  std::vector<std::string> ends;
  for (const std::string &call : logind.calls())
    if (call.starts_with("Terminate")) ends.push_back(call);
  return ends == wanted;
}

const std::vector<std::string> kSignOut = {"revoke", "daemon", "--all", "--yes", "--end-sessions"};
const Event kAllOfDaemon = {"RevokeAll daemon", count(1)};
const Event kOfDaemon = {"ListCredentials daemon", list({passkey("daemon", 1)})};

void the_sessions_that_end_are_those_of_the_account_and_of_nobody_else() {
  const PrivateBus bus;
  ScriptedLogind logind("session uid=1\nsession uid=1 remote=yes seat= service=sshd\nsession uid=0 pid=*\n");
  ScriptedDaemon daemon({kAllOfDaemon, kOfDaemon, {"LockUser daemon all-methods=no", done()}});
  const Ran ran = run(kSignOut);
  CHECK(ran.status == 0 && says(ran.out, "2 sessions of daemon were ended."));
  CHECK(was_asked(logind, {"TerminateUser 1"}));
  CHECK(run({"lock", "daemon", "--end-sessions"}).status == 0);
  CHECK(was_asked(logind, {"TerminateUser 1"}));
  daemon.must_be_done();
}

void ones_own_session_goes_on_and_ones_others_end() {
  const PrivateBus bus;
  ScriptedLogind logind(
      "session id=1 uid=0 pid=*\nsession id=2 uid=0 remote=yes seat= service=sshd\nsession id=3 uid=1\n");
  const Event own = {"RevokeAll root", count(1)};
  const Event list_own = {"ListCredentials root", list({passkey("root", 0)})};
  ScriptedDaemon daemon({own, list_own, own, list_own, own, list_own, own, list_own});
  const std::vector<std::string> line = {"revoke", "--all", "--yes", "--end-sessions"};
  const Ran ran = run(line);
  CHECK(ran.status == 0 &&
        says(ran.out, "One other session of root was ended; the session that you are in goes on."));
  CHECK(was_asked(logind, {"TerminateSession 2"}));
  // a desktop's terminal: in the user's manager, beside the session on the screen
  logind.set("user uid=0 pid=*\nsession id=4 uid=0 seat= remote=yes\nsession id=5 uid=0\n");
  CHECK(run(line).status == 0);
  CHECK(was_asked(logind, {"TerminateSession 4"}));
  // in the manager, with nothing on any screen: the manager is not ended, since we run in it
  logind.set("user uid=0 pid=*\nsession id=6 uid=0 seat= remote=yes\n");
  CHECK(run(line).status == 0);
  CHECK(was_asked(logind, {"TerminateSession 6"}));
  logind.set("session id=1 uid=0 pid=*\n");
  CHECK(says(run(line).out, "root is signed in nowhere else"));
  CHECK(was_asked(logind, {}));
  daemon.must_be_done();
}

void who_is_signed_in_nowhere_has_nothing_to_end() {
  const PrivateBus bus;
  ScriptedLogind logind("session uid=0 pid=*\n");
  ScriptedDaemon daemon({kAllOfDaemon, kOfDaemon});
  const Ran ran = run(kSignOut);
  CHECK(ran.status == 0 && says(ran.out, "daemon is signed in nowhere."));
  daemon.must_be_done();
}

void sessions_that_cannot_be_ended_are_told_and_the_revocation_stands() {
  const PrivateBus bus;
  ScriptedLogind logind("");
  const std::string there = "session uid=1\nsession uid=0 pid=*\n";
  for (const char *broken : {"refuse TerminateUser", "refuse ListSessions", "nonsense ListSessions",
                             "nonsense GetSessionByPID", "refuse GetSessionByPID"}) {
    logind.set(there + broken + "\n");
    ScriptedDaemon daemon({kAllOfDaemon, kOfDaemon});
    const Ran ran = run(kSignOut);
    CHECK(ran.status == 8);
    CHECK(says(ran.out, "1 passkey of daemon is revoked.") &&
          says(ran.err, "not all sessions of daemon were ended"));
    daemon.must_be_done();
  }
}

void without_logind_or_with_an_impostor_no_session_is_said_to_have_ended() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kAllOfDaemon, kOfDaemon, kAllOfDaemon, kOfDaemon});
  CHECK(run(kSignOut).status == 8);
  if (can_change_user()) {
    ScriptedLogind impostor("session uid=1\n", 2);
    const Ran ran = run(kSignOut);
    CHECK(ran.status == 8 && says(ran.err, "has taken the name"));
    CHECK(impostor.calls().empty());
  } else {
    CHECK(run(kSignOut).status == 8);
  }
  daemon.must_be_done();
}

void an_account_that_is_gone_has_its_passkeys_revoked_and_no_sessions() {
  const PrivateBus bus;
  ScriptedLogind logind("session uid=1\n");
  ScriptedDaemon daemon(
      {{"RevokeAll no-such-account", count(1)}, {"ListCredentials no-such-account", list({})}});
  const Ran ran = run({"revoke", "no-such-account", "--all", "--yes", "--end-sessions"});
  CHECK(ran.status == 8 && says(ran.out, "is revoked") && was_asked(logind, {}));
  daemon.must_be_done();
}

// --- names that were handed on

/// "bin" is number 2, and was another person's name once.
void a_recall_leaves_those_signed_in_who_only_inherited_a_name() {
  const PrivateBus bus;
  ScriptedLogind logind("session uid=1\nsession uid=2\nsession uid=0 pid=*\n");
  const std::vector<Dictionary> met = {passkey("daemon", 1), passkey("daemon", 4321, "bbbbbbbbbb"),
                                       passkey("bin", 4322, "cccccccccc")};
  ScriptedDaemon daemon({{"RevokeMatching dry-run enrolled-before=1764547201", list(met)},
                         {"RevokeMatching enrolled-before=1764547201", list(met)}});
  const Ran ran = run({"revoke", "--enrolled-before", "@1764547201", "--yes", "--end-sessions"});
  CHECK(ran.status == 8 && says(ran.out, "Revoked: 3 passkeys of 2 accounts."));
  CHECK(says(ran.out, "The session of daemon was ended.") &&
        says(ran.err, "bin is number 2 now, and was 4322 at enrollment"));
  CHECK(was_asked(logind, {"TerminateUser 1"}));
  daemon.must_be_done();
}

void whoever_inherited_a_name_stays_signed_in_when_what_is_revoked_was_anothers() {
  const PrivateBus bus;
  ScriptedLogind logind("session uid=1\nsession uid=0 pid=*\n");
  const Event both = {"ListCredentials daemon",
                      list({passkey("daemon", 4321), passkey("daemon", 1, "bbbbbbbbbb")})};
  const Event old_one = {"ListCredentials daemon", list({passkey("daemon", 4321)})};
  const auto revokes = [](const std::string &id) { return Event{"RevokeCredential daemon " + id, done()}; };
  ScriptedDaemon daemon({revokes("aaaaaaaaaa"), both, revokes("bbbbbbbbbb"), both, revokes("Key"), old_one,
                         kAllOfDaemon, old_one, kAllOfDaemon, both});
  const auto ends = [&](const std::string &which) {
    const Ran ran = run({"revoke", "daemon", which, "--yes", "--end-sessions"});
    const bool left = says(ran.err, "daemon is number 1 now, and was 4321 at enrollment");
    CHECK(says(ran.out, "revoked") && ran.status == (left ? 8 : 0));
    CHECK(was_asked(logind, left ? std::vector<std::string>() : std::vector<std::string>{"TerminateUser 1"}));
    return !left;
  };
  CHECK(!ends("aaaaaaaaaa") && ends("bbbbbbbbbb") && !ends("Key"));
  CHECK(!ends("--all") && ends("--all"));
  daemon.must_be_done();
}

void who_cannot_be_looked_up_is_signed_out_by_name() {
  const PrivateBus bus;
  ScriptedLogind logind("session uid=1\nsession uid=0 pid=*\n");
  ScriptedDaemon daemon({kAllOfDaemon, {"ListCredentials daemon", error("org.passkeyd1.Error.NotAllowed")}});
  CHECK(run(kSignOut).status == 0 && was_asked(logind, {"TerminateUser 1"}));
  daemon.must_be_done();
}

// --- what sudo remembers

bool there(const std::string &path) {
  struct stat about = {};
  return lstat(path.c_str(), &about) == 0;
}

/// sudo's folder as sudo makes it, with records of two people.
class SudoFolder {
 public:
  SudoFolder() {
    CHECK(mkdir("/run/sudo", 0711) == 0 && mkdir("/run/sudo/ts", 0700) == 0);
    for (const char *name : {"daemon", "1", "bin", "daemon2"}) write_file(kFolder + name, "x");
  }
  ~SudoFolder() {
    for (const char *name : {"daemon", "1", "bin", "daemon2"}) unlink((kFolder + name).c_str());
    rmdir("/run/sudo/ts");
    rmdir("/run/sudo");
  }
  SudoFolder(const SudoFolder &) = delete;
  SudoFolder &operator=(const SudoFolder &) = delete;

  const std::string kFolder = "/run/sudo/ts/";
};

void sudo_forgets_the_account_and_nobody_else() {
  const PrivateBus bus;
  ScriptedLogind logind("session uid=1\n");
  const SudoFolder sudo;
  ScriptedDaemon daemon({kAllOfDaemon, kOfDaemon});
  CHECK(run(kSignOut).status == 0);
  CHECK(!there("/run/sudo/ts/daemon") && !there("/run/sudo/ts/1"));
  CHECK(there("/run/sudo/ts/bin") && there("/run/sudo/ts/daemon2"));
  daemon.must_be_done();
}

void links_in_sudos_folder_and_folders_open_to_others_are_not_followed() {
  const PrivateBus bus;
  ScriptedLogind logind("session uid=1\n");
  const std::string precious = std::string(kScratch) + "/daemon";
  write_file(precious, "x");
  ScriptedDaemon daemon({kAllOfDaemon, kOfDaemon, kAllOfDaemon, kOfDaemon, kAllOfDaemon, kOfDaemon});
  {
    const SudoFolder sudo;
    CHECK(unlink("/run/sudo/ts/daemon") == 0 && symlink(precious.c_str(), "/run/sudo/ts/daemon") == 0);
    CHECK(run(kSignOut).status == 8 && there(precious) && there("/run/sudo/ts/daemon"));
  }
  {
    const SudoFolder sudo;
    CHECK(chmod("/run/sudo/ts", 0777) == 0);
    CHECK(run(kSignOut).status == 8 && there("/run/sudo/ts/daemon"));
  }
  CHECK(mkdir("/run/sudo", 0711) == 0 && symlink(kScratch, "/run/sudo/ts") == 0);
  const Ran ran = run(kSignOut);
  CHECK(ran.status == 8 && says(ran.err, "sudo may still remember daemon") && there(precious));
  CHECK(unlink("/run/sudo/ts") == 0 && rmdir("/run/sudo") == 0);
  daemon.must_be_done();
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  program = argv[1];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(the_sessions_that_end_are_those_of_the_account_and_of_nobody_else),
      TEST(ones_own_session_goes_on_and_ones_others_end),
      TEST(who_is_signed_in_nowhere_has_nothing_to_end),
      TEST(sessions_that_cannot_be_ended_are_told_and_the_revocation_stands),
      TEST(without_logind_or_with_an_impostor_no_session_is_said_to_have_ended),
      TEST(an_account_that_is_gone_has_its_passkeys_revoked_and_no_sessions),
      TEST(a_recall_leaves_those_signed_in_who_only_inherited_a_name),
      TEST(whoever_inherited_a_name_stays_signed_in_when_what_is_revoked_was_anothers),
      TEST(who_cannot_be_looked_up_is_signed_out_by_name),
      TEST(sudo_forgets_the_account_and_nobody_else),
      TEST(links_in_sudos_folder_and_folders_open_to_others_are_not_followed),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
