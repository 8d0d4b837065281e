/// The module beside its auth line: who it is that signs in where nobody was named, account lines that keep a
/// locked account out, password lines that change a PIN and nothing else.
#include <security/pam_modules.h>
#include <signal.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/pam_host.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd::test;

namespace {

using Kind = HostReply::Kind;
using Said = std::vector<std::string>;

const Event kBegin = begins("user=alice service=passkey-test");
const Event kGranted = next("", "granted");
const Event kNotHere = next("", "unavailable", {{"message", "no-device"}});

using Action = HostResult (*)(const HostSetup &setup);

HostResult run(Action action, std::vector<Event> script, const HostSetup &setup = {}) {
  ScriptedDaemon daemon(std::move(script));
  HostResult result = action(setup);
  daemon.must_be_done();
  return result;
}

// --- without a name
// -------------------------------------------------------------------------------------------------

const Event kNamesNobody = begins("service=passkey-test");

void who_was_not_named_becomes_the_user_that_the_passkey_belongs_to() {
  const PrivateBus bus;
  const HostResult result = run(authenticate, {kNamesNobody, next("", "granted", {{"user", "bob"}})},
                                {.options = "usernameless", .user = ""});
  CHECK(result.code == PAM_SUCCESS);
  CHECK(result.user == "bob");
  CHECK(result.said.empty());
}

void only_a_granted_login_names_anybody() {
  const PrivateBus bus;
  const std::pair<const char *, Dictionary> ends[] = {
      {"granted", {}},
      {"granted", {{"user", "bob\n"}}},
      {"granted", {{"user", ""}}},
      {"granted", {{"user", std::string(300, 'b')}}},
      {"denied", {{"user", "bob"}, {"message", "denied"}}},
      {"unavailable", {{"user", "bob"}, {"message", "no-device"}}},
      {"unavailable", {{"user", "bob"}, {"message", "not-enrolled"}}},
  };
  for (const auto &[end, details] : ends) {
    ScriptedDaemon daemon({kNamesNobody, next("", end, details)}, {.forever = true});
    const HostResult result = authenticate({.options = "usernameless", .user = ""});
    CHECK(result.code != PAM_SUCCESS);
    CHECK(result.user.empty());
  }
}

void who_was_named_stays_who_they_are() {
  const PrivateBus bus;
  const HostResult result =
      run(authenticate, {kBegin, next("", "granted", {{"user", "bob"}})}, {.options = "usernameless"});
  CHECK(result.code == PAM_SUCCESS);
  CHECK(result.user == "alice");
}

void without_the_option_the_name_is_asked_for() {
  const PrivateBus bus;
  const HostResult result =
      run(authenticate, {kBegin, kGranted}, {.user = "", .replies = {{Kind::Text, "alice"}}});
  CHECK(result.code == PAM_SUCCESS);
  CHECK(result.said.size() == 1 && result.said[0].starts_with("ask: "));
}

void a_password_typed_by_nobody_in_particular_is_handed_on() {
  const PrivateBus bus;
  const HostResult result =
      run(authenticate,
          {begins("service=passkey-test first=either"),
           next("", "offer", {{"message", "password-or-key"}}),
           {"Cancel", nothing()}},
          {.user = "",
           .replies = {{Kind::Text, "hunter2"}},
           .stack = "auth sufficient PASSKEY usernameless first_prompt=either\nauth required RECORDER\n"});
  CHECK(result.recorded == Said{"user= password=hunter2"});
}

// --- account
// --------------------------------------------------------------------------------------------------------

Event account(Dictionary answer) {
  return {"CheckAccount alice", append([answer = std::move(answer)](sd_bus_message *reply) {
            return append_dictionary(reply, answer);
          })};
}
const Event kNotLocked = account({{"locked", false}});

volatile sig_atomic_t interruptions_heard = 0;
void hear_interruption(int) {
  interruptions_heard = interruptions_heard + 1;
}

/// sudo only notes a Ctrl-C during PAM. It must not end the question that a lock hangs on.
void ctrl_c_does_not_get_past_a_lock() {
  const PrivateBus bus;
  struct sigaction noting = {}, before = {};
  noting.sa_handler = hear_interruption;
  CHECK(sigaction(SIGINT, &noting, &before) == 0);
  const pid_t host = getpid();
  const Event locked = {"CheckAccount alice", [host](sd_bus_message *call) {
                          kill(host, SIGINT);
                          return account({{"locked", true}, {"all-methods", true}}).react(call);
                        }};
  const HostResult result = run(authenticate_and_manage_account, {kBegin, kGranted, locked});
  sigaction(SIGINT, &before, nullptr);
  CHECK(result.code == PAM_PERM_DENIED);
  CHECK(interruptions_heard == 1);
}
const Event kLocked = account({{"locked", true}, {"all-methods", true}, {"reason", "left"}});
const Event kPasskeysLocked = account({{"locked", true}, {"all-methods", false}});

void who_did_not_sign_in_here_is_not_asked_about() {
  const PrivateBus bus;
  CHECK(run(manage_account, {}).code == PAM_IGNORE);
}

void with_always_the_daemon_is_asked_all_the_same() {
  const PrivateBus bus;
  const HostSetup always{.stack =
                             "account [success=done ignore=ignore default=die] PASSKEY always\n"
                             "account required pam_permit.so\n"};
  CHECK(run(manage_account, {kLocked}, always).code == PAM_PERM_DENIED);
  CHECK(run(manage_account, {kNotLocked}, always).code == PAM_SUCCESS);
}

void a_locked_account_is_shut_whatever_way_the_person_took() {
  const PrivateBus bus;
  for (const Event &way : {kGranted, kNotHere}) {
    const HostResult result = run(authenticate_and_manage_account, {kBegin, way, kLocked});
    CHECK(result.code == PAM_PERM_DENIED);
    CHECK(result.said == Said{"error: An administrator has locked this account."});
  }
}

void a_lock_of_passkeys_is_for_who_came_by_passkey() {
  const PrivateBus bus;
  CHECK(run(authenticate_and_manage_account, {kBegin, kGranted, kPasskeysLocked}).code == PAM_PERM_DENIED);
  CHECK(run(authenticate_and_manage_account, {kBegin, kNotHere, kPasskeysLocked}).code == PAM_IGNORE);
}

void a_lock_of_unknown_scope_is_one_of_all() {
  const PrivateBus bus;
  CHECK(run(authenticate_and_manage_account, {kBegin, kNotHere, account({{"locked", true}})}).code ==
        PAM_PERM_DENIED);
}

void an_account_that_is_not_locked_is_passed_by_in_silence() {
  const PrivateBus bus;
  for (const Event &way : {kGranted, kNotHere}) {
    const HostResult result = run(authenticate_and_manage_account, {kBegin, way, kNotLocked});
    CHECK(result.code == PAM_IGNORE);
    CHECK(result.said.empty());
  }
}

const char *const kAccountLine =
    "auth [success=done default=ignore] PASSKEY\nauth required pam_permit.so\n"
    "account [perm_denied=die default=ignore] PASSKEY\naccount required pam_permit.so\n";

void a_fault_shuts_nobody_out_and_a_lock_does() {
  {
    const PrivateBus bus;
    const Reaction faults[] = {error("org.passkeyd1.Error.Internal"), vanish(),
                               append([](sd_bus_message *m) { return sd_bus_message_append(m, "s", "no"); }),
                               append([](sd_bus_message *m) { return sd_bus_message_append(m, "a{sv}", 0); }),
                               append([](sd_bus_message *m) {
                                 return append_dictionary(m, {{"locked", "yes"}, {"all-methods", true}});
                               })};
    for (const Reaction &fault : faults) {
      const std::vector<Event> script = {kBegin, kGranted, {"CheckAccount alice", fault}};
      CHECK(run(authenticate_and_manage_account, script).code == PAM_AUTHINFO_UNAVAIL);
      CHECK(run(authenticate_and_manage_account, script, {.stack = kAccountLine}).code == PAM_SUCCESS);
    }
    CHECK(run(authenticate_and_manage_account, {kBegin, kGranted, kLocked}, {.stack = kAccountLine}).code ==
          PAM_PERM_DENIED);
  }
  CHECK(authenticate_and_manage_account({.stack = kAccountLine}).code == PAM_SUCCESS);  // no bus at all
}

// --- password
// -------------------------------------------------------------------------------------------------------

const Event kStatus = {"GetStatus", append([](sd_bus_message *m) { return append_dictionary(m, {}); })};
const Event kChange = {"BeginPinChange user=alice service=passkey-pin", attempt()};
const Event kOldPin = next("", "ask-secret", {{"message", "old-pin-platform"}});
const HostSetup kPinHost = {.service = "passkey-pin", .replies = {{Kind::Text, "314159"}}};

void a_change_of_password_is_none_of_the_pin() {
  const PrivateBus bus;
  CHECK(run(change_token, {}).code == PAM_IGNORE);
}

void under_its_own_service_the_pin_is_changed() {
  const PrivateBus bus;
  const HostResult result =
      run(change_token,
          {kStatus, kChange, kOldPin, next(" secret=314159", "ask-secret", {{"message", "new-pin-platform"}}),
           next(" secret=271828", "ask-secret", {{"message", "repeat-pin-platform"}}),
           next(" secret=271828", "granted", {{"message", "pin-changed"}})},
          {.service = "passkey-pin",
           .replies = {{Kind::Text, "314159"}, {Kind::Text, "271828"}, {Kind::Text, "271828"}}});
  CHECK(result.code == PAM_SUCCESS);
  CHECK(result.said == (Said{"secret: Current PIN of this computer's passkey: ",
                             "secret: Choose a PIN for this computer's passkey: ",
                             "secret: The same PIN again: ", "info: The new PIN is in force."}));
}

void no_pin_is_left_to_the_next_module() {
  const PrivateBus bus;
  const HostResult result = run(change_token, {kStatus, kChange, kOldPin, next(" secret=314159", "granted")},
                                {.service = "passkey-pin",
                                 .replies = {{Kind::Text, "314159"}},
                                 .stack = "password optional PASSKEY\npassword required RECORDER\n"});
  CHECK(result.recorded == (Said{"old= new=", "old= new="}));  // in both rounds
}

void with_its_option_the_pin_is_changed_elsewhere() {
  const PrivateBus bus;
  const HostSetup elsewhere{.stack = "password required PASSKEY tpm_pin\n"};
  CHECK(run(change_token,
            {kStatus,
             {"BeginPinChange user=alice service=passkey-test", attempt()},
             next("", "granted", {{"message", "pin-changed"}})},
            elsewhere)
            .code == PAM_SUCCESS);
}

void every_end_of_a_pin_change_has_its_code() {
  const PrivateBus bus;
  struct Row {
    const char *end;
    const char *message;
    int code;
  };
  const Row rows[] = {
      {"denied", "pin-wrong", PAM_AUTH_ERR},         {"unavailable", "pin-wrong", PAM_AUTH_ERR},
      {"unavailable", "limited", PAM_MAXTRIES},      {"unavailable", "tpm-lockout", PAM_MAXTRIES},
      {"denied", "not-allowed", PAM_PERM_DENIED},    {"denied", "locked", PAM_PERM_DENIED},
      {"unavailable", "cancelled", PAM_AUTHTOK_ERR}, {"denied", "new", PAM_AUTHTOK_ERR}};
  for (const Row &row : rows)
    CHECK(run(change_token,
              {kStatus, kChange, kOldPin, next(" secret=314159", row.end, {{"message", row.message}})},
              kPinHost)
              .code == row.code);
}

void without_the_daemon_nothing_is_asked_and_nothing_is_changed() {
  const HostResult result = change_token(kPinHost);
  CHECK(result.code == PAM_TRY_AGAIN);
  CHECK(result.said.empty());
}

void a_daemon_that_vanishes_has_changed_nothing_that_we_know_of() {
  const PrivateBus bus;
  CHECK(run(change_token, {kStatus, kChange, kOldPin, {"Next secret=314159", vanish()}}, kPinHost).code ==
        PAM_AUTHTOK_ERR);
}

void a_pin_does_not_grow_old() {
  CHECK(call_directly("chauthtok", {"tpm_pin"}, PAM_PRELIM_CHECK | PAM_CHANGE_EXPIRED_AUTHTOK) == PAM_IGNORE);
  CHECK(call_directly("chauthtok", {"tpm_pin"}, PAM_UPDATE_AUTHTOK | PAM_CHANGE_EXPIRED_AUTHTOK) ==
        PAM_IGNORE);
}

// --- session
// -------------------------------------------------------------------------------------------------

const char *const kByKey = "publickey sk-ssh-ed25519@openssh.com AAAA";
const std::string kSession = std::string("CheckSshSession alice ") + kByKey + " service=passkey-test";

void a_session_without_a_security_keys_ssh_key_is_none_of_the_daemons() {
  const PrivateBus bus;
  for (const char *info : {"", "password", "publickey ssh-ed25519 AAAA\nkeyboard-interactive", "publickey"})
    CHECK(run(open_session, {}, {.auth_info = info}).code == PAM_IGNORE);
}

void a_session_opens_if_the_daemon_has_nothing_against_the_key() {
  const PrivateBus bus;
  const Event well = {kSession, append([](sd_bus_message *) { return 0; })};
  const HostResult result = run(open_session, {well}, {.auth_info = kByKey});
  CHECK(result.code == PAM_IGNORE && result.said.empty());
  const Event hinted = {kSession + " tty=ssh rhost=10.0.0.9", append([](sd_bus_message *) { return 0; })};
  CHECK(run(open_session, {hinted}, {.tty = "ssh", .rhost = "10.0.0.9", .auth_info = kByKey}).code ==
        PAM_IGNORE);
}

void no_session_opens_where_the_key_was_revoked_or_nobody_can_tell() {
  const PrivateBus bus;
  for (const char *why : {"Denied", "Internal", "Busy", "NotFound", "SomethingNew"})
    CHECK(run(open_session, {{kSession, error("org.passkeyd1.Error." + std::string(why))}},
              {.auth_info = kByKey})
              .code == PAM_SESSION_ERR);
  CHECK(run(open_session, {{kSession, vanish()}}, {.auth_info = kByKey}).code == PAM_SESSION_ERR);
  CHECK(open_session({.auth_info = kByKey}).code == PAM_SESSION_ERR);  // no daemon at all
  CHECK(open_session({.user = "", .auth_info = kByKey}).code == PAM_SESSION_ERR);
  CHECK(open_session({.auth_info = kByKey + std::string(17000, 'A')}).code == PAM_SESSION_ERR);
  CHECK(open_session({.auth_info = kByKey + std::string("\xff")}).code == PAM_SESSION_ERR);
}

void a_mistake_in_a_session_line_ends_only_sessions_by_a_security_keys_ssh_key() {
  const PrivateBus bus;
  for (const char *mistake : {"anything", "nodelay", "timeout=soon"}) {
    CHECK(open_session({.options = mistake, .auth_info = kByKey}).code == PAM_SESSION_ERR);
    CHECK(open_session({.options = mistake, .auth_info = "password"}).code == PAM_IGNORE);
    CHECK(open_session({.options = mistake}).code == PAM_IGNORE);
  }
  const Event well = {kSession, append([](sd_bus_message *) { return 0; })};
  CHECK(run(open_session, {well}, {.options = "debug quiet timeout=5", .auth_info = kByKey}).code ==
        PAM_IGNORE);
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  module_path = argv[1];
  recorder_path = argv[2];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(who_was_not_named_becomes_the_user_that_the_passkey_belongs_to),
      TEST(only_a_granted_login_names_anybody),
      TEST(who_was_named_stays_who_they_are),
      TEST(without_the_option_the_name_is_asked_for),
      TEST(a_password_typed_by_nobody_in_particular_is_handed_on),
      TEST(who_did_not_sign_in_here_is_not_asked_about),
      TEST(with_always_the_daemon_is_asked_all_the_same),
      TEST(a_locked_account_is_shut_whatever_way_the_person_took),
      TEST(a_lock_of_passkeys_is_for_who_came_by_passkey),
      TEST(a_lock_of_unknown_scope_is_one_of_all),
      TEST(ctrl_c_does_not_get_past_a_lock),
      TEST(an_account_that_is_not_locked_is_passed_by_in_silence),
      TEST(a_fault_shuts_nobody_out_and_a_lock_does),
      TEST(a_change_of_password_is_none_of_the_pin),
      TEST(under_its_own_service_the_pin_is_changed),
      TEST(no_pin_is_left_to_the_next_module),
      TEST(with_its_option_the_pin_is_changed_elsewhere),
      TEST(every_end_of_a_pin_change_has_its_code),
      TEST(without_the_daemon_nothing_is_asked_and_nothing_is_changed),
      TEST(a_daemon_that_vanishes_has_changed_nothing_that_we_know_of),
      TEST(a_pin_does_not_grow_old),
      TEST(a_session_without_a_security_keys_ssh_key_is_none_of_the_daemons),
      TEST(a_session_opens_if_the_daemon_has_nothing_against_the_key),
      TEST(a_mistake_in_a_session_line_ends_only_sessions_by_a_security_keys_ssh_key),
      TEST(no_session_opens_where_the_key_was_revoked_or_nobody_can_tell),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
