/// pam_passkey.so as hosts meet it: every code, every kind of conversation, and the faults that must never
/// let anybody in or past.
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "common/handle.h"
#include "common/steps.h"
#include "tests/check.h"
#include "tests/pam_host.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

using test::next;  // and not the vocabulary's namespace of that name
using Kind = HostReply::Kind;
using Said = std::vector<std::string>;

const Event kBegin = begins("user=alice service=passkey-test");
const Event kAsksPin = next("", "ask-secret", {{"message", "pin-key"}});

/// The code after a daemon that goes straight to this end.
HostResult after(const std::string &end, const Dictionary &details, HostSetup setup = {}) {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, next("", end, details)});
  HostResult result = authenticate(setup);
  daemon.must_be_done();
  return result;
}

HostResult after(const std::string &end, const char *message) {
  return after(end, Dictionary{{"message", message}});
}

// --- codes
// -------------------------------------------------------------------------------------------------------

void granted_lets_in() {
  CHECK(after("granted", "welcome").code == PAM_SUCCESS);
}

void an_account_without_passkeys_is_passed_by_in_silence() {
  const HostResult result = after("unavailable", "not-enrolled");
  CHECK(result.code == PAM_IGNORE);
  CHECK(result.said.empty());
  CHECK(!result.fail_delay);
}

void a_refusal_is_an_error_with_words_and_a_delay() {
  const HostResult result = after("denied", "denied");
  CHECK(result.code == PAM_AUTH_ERR);
  CHECK(result.said == Said{"error: The sign-in was refused. Sign in another way."});
  CHECK(result.fail_delay && *result.fail_delay >= 1'000'000);
  CHECK(after("denied", "pin-wrong").code == PAM_AUTH_ERR);
  CHECK(after("denied", "not-enrolled").code == PAM_AUTH_ERR);
  CHECK(after("denied", Dictionary{}).code == PAM_AUTH_ERR);
}

void every_other_end_has_its_code() {
  CHECK(after("unavailable", "limited").code == PAM_MAXTRIES);
  CHECK(after("denied", "limited").code == PAM_MAXTRIES);
  CHECK(after("unavailable", "not-allowed").code == PAM_CRED_INSUFFICIENT);
  for (const char *message :
       {"no-device", "timeout", "cancelled", "internal", "tpm-lockout", "something-new", ""})
    CHECK(after("unavailable", message).code == PAM_AUTHINFO_UNAVAIL);
}

void a_code_that_was_tried_is_a_refusal_and_one_that_cannot_be_is_none() {
  for (const char *end : {"denied", "unavailable"}) {
    const HostResult result = after(end, "code-wrong");
    CHECK(result.code == PAM_AUTH_ERR && result.fail_delay);
  }
  const HostResult invalid = after("unavailable", "code-invalid");
  CHECK(invalid.code == PAM_AUTHINFO_UNAVAIL && !invalid.fail_delay);
}

void a_lock_is_a_refusal_of_its_own() {
  for (const char *end : {"denied", "unavailable"}) {
    const HostResult result = after(end, "locked");
    CHECK(result.code == PAM_PERM_DENIED && !result.fail_delay);
    CHECK(result.said == Said{"error: An administrator has locked this account."});
  }
}

/// Otherwise an empty line after each wrong PIN would do away with the delay.
void stepping_down_after_a_refusal_is_still_a_failed_try() {
  const PrivateBus bus;
  for (const char *refusal : {"pin-wrong", "code-wrong", "touch-refused", "uv-failed"})
    for (const char *end : {"cancelled", "code-invalid", "timeout"}) {
      ScriptedDaemon daemon({kBegin, next("", "tell", {{"message", refusal}, {"next", "again"}}), kAsksPin,
                             next(" empty", "unavailable", {{"message", end}})});
      const HostResult result = authenticate({.replies = {{Kind::Text, ""}}});
      CHECK(result.code == PAM_AUTH_ERR && result.fail_delay);
      daemon.must_be_done();
    }
}

void who_has_few_backup_codes_left_hears_of_it_even_in_silence() {
  const HostResult few =
      after("granted", {{"message", "code-accepted"}, {"codes-left", 2U}}, {.flags = PAM_SILENT});
  CHECK(few.code == PAM_SUCCESS);
  CHECK(few.said == Said{"info: Backup code accepted. 2 backup codes left. "
                         "New ones are made with: passkeyctl backup-codes"});
  CHECK(after("granted", {{"message", "code-accepted"}, {"codes-left", 4U}}).said.empty());
}

void an_error_of_the_daemon_has_its_code() {
  const std::pair<const char *, int> codes[] = {{"NotAllowed", PAM_CRED_INSUFFICIENT},
                                                {"Limited", PAM_MAXTRIES},
                                                {"NotFound", PAM_AUTHINFO_UNAVAIL},
                                                {"NotEnrolled", PAM_AUTHINFO_UNAVAIL},
                                                {"Busy", PAM_AUTHINFO_UNAVAIL}};
  const PrivateBus bus;
  for (const auto &[name, code] : codes) {
    ScriptedDaemon daemon({{kBegin.expected, error(bus::kErrorPrefix + std::string(name))}});
    CHECK(authenticate().code == code);
    daemon.must_be_done();
  }
}

void what_the_person_can_act_on_is_said() {
  const HostResult result =
      after("unavailable", {{"message", "pin-tries-low"}, {"device", "Solo 2"}, {"tries-left", 2U}});
  CHECK(result.code == PAM_AUTHINFO_UNAVAIL);
  CHECK(result.said.size() == 1 && result.said[0].find("Solo 2") != std::string::npos);
  CHECK(after("unavailable", "no-device").said.empty());
}

void the_other_groups_claim_nothing() {
  CHECK(call_directly("setcred") == PAM_SUCCESS);
  for (const char *function : {"acct_mgmt", "open_session", "close_session", "chauthtok"})
    CHECK(call_directly(function) == PAM_IGNORE);
}

// --- the conversation
// --------------------------------------------------------------------------------------------

void a_pin_is_asked_without_echo_and_sent_once() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {kBegin, kAsksPin, next(" secret=1234", "tell", {{"message", "touch"}}), next("", "granted")});
  const HostResult result = authenticate({.replies = {{Kind::Text, "1234"}}});
  CHECK(result.code == PAM_SUCCESS);
  CHECK(result.said ==
        (Said{"secret: PIN of your security key, or Enter to skip: ", "info: Touch your security key."}));
  daemon.must_be_done();
}

void a_longest_reply_is_sent_whole() {
  const PrivateBus bus;
  const std::string longest(512, 'x');
  ScriptedDaemon daemon({kBegin, kAsksPin, next(" secret=" + longest, "granted")});
  CHECK(authenticate({.replies = {{Kind::Text, longest}}}).code == PAM_SUCCESS);
  daemon.must_be_done();
}

void a_conversation_that_fails_is_no_pin() {
  const PrivateBus bus;
  const HostReply failures[] = {
      {Kind::NullText}, {Kind::NoReply}, {Kind::Fails}, {Kind::Again}, {Kind::Text, std::string(600, '1')}};
  for (const char *question : {"ask-secret", "ask"})
    for (const HostReply &failure : failures) {
      ScriptedDaemon daemon(
          {kBegin, next("", question, {{"message", "pin-key"}}), {"Cancel", nothing()}, {"gone", nothing()}});
      CHECK(authenticate({.replies = {failure}}).code == PAM_AUTHINFO_UNAVAIL);
      daemon.must_be_done();
    }
}

void an_empty_line_steps_down() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, kAsksPin, next(" empty", "unavailable", {{"message", "cancelled"}})});
  CHECK(authenticate({.replies = {{Kind::Text, ""}}}).code == PAM_AUTHINFO_UNAVAIL);
  daemon.must_be_done();
}

void a_host_that_shows_nothing_is_not_waited_in() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {kBegin, next("", "tell", {{"message", "touch"}}), {"Cancel", nothing()}, {"gone", nothing()}});
  CHECK(authenticate({.tells_fail = true}).code == PAM_AUTHINFO_UNAVAIL);
  daemon.must_be_done();
}

void a_choice_is_a_numbered_list() {
  const PrivateBus bus;
  const std::vector<std::string> keys = {"Solo 2", "blue"};
  ScriptedDaemon daemon({kBegin, next("", "choose", {{"message", "choose-device"}, {"options", keys}}),
                         next(" choice=1", "granted")});
  const HostResult result = authenticate({.replies = {{Kind::Text, "9"}, {Kind::Text, "2"}}});
  CHECK(result.code == PAM_SUCCESS);
  CHECK(result.said == (Said{"info: 1. Solo 2", "info: 2. blue",
                             "ask: Number of the device to use: ", "ask: Number of the device to use: "}));
  daemon.must_be_done();
}

void nonsense_is_no_choice() {
  const PrivateBus bus;
  const std::vector<std::string> keys = {"Solo 2", "blue"};
  ScriptedDaemon daemon(
      {kBegin, next("", "choose", {{"message", "choose-device"}, {"options", keys}}), {"Cancel", nothing()}});
  const HostSetup setup{
      .replies = {{Kind::Text, "0"}, {Kind::Text, "1x"}, {Kind::Text, "-1"}, {Kind::Text, "1"}}};
  CHECK(authenticate(setup).code == PAM_AUTHINFO_UNAVAIL);
  daemon.must_be_done();
}

// --- who and where
// -----------------------------------------------------------------------------------------------

void the_host_is_passed_on_and_a_remote_one_stays_remote() {
  const PrivateBus bus;
  ScriptedDaemon daemon({begins("user=alice service=passkey-test tty=tty? rhost=ev?l"), next("", "granted")});
  CHECK(authenticate({.tty = "tty\n", .rhost = "ev\xffl"}).code == PAM_SUCCESS);
  daemon.must_be_done();
}

void an_account_that_does_not_exist_looks_like_one_without_passkeys() {
  const PrivateBus bus;
  ScriptedDaemon daemon({begins("user=nosuchuser service=passkey-test"),
                         next("", "unavailable", {{"message", "not-enrolled"}})});
  CHECK(authenticate({.user = "nosuchuser"}).code == PAM_IGNORE);
  daemon.must_be_done();
}

void an_impossible_name_is_refused_before_the_daemon_hears_of_it() {
  const PrivateBus bus;
  ScriptedDaemon daemon({});
  for (const char *user : {"-alice", "ali ce\n", "alice ", "a:b", "../alice", "\xff", "1000"})
    CHECK(authenticate({.user = user}).code == PAM_AUTHINFO_UNAVAIL);
  CHECK(authenticate({.user = std::string(300, 'a')}).code == PAM_AUTHINFO_UNAVAIL);
  daemon.must_be_done();
}

// --- faults: never SUCCESS, never IGNORE
// -------------------------------------------------------------------------

void without_a_bus_the_module_is_unavailable() {
  CHECK(authenticate().code == PAM_AUTHINFO_UNAVAIL);
}

void without_a_daemon_the_module_is_unavailable() {
  const PrivateBus bus;
  CHECK(authenticate().code == PAM_AUTHINFO_UNAVAIL);
}

void a_silent_bus_is_given_up_after_the_timeout() {
  const Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {AF_UNIX, {}};
  std::strcpy(address.sun_path, bus::kSystemBusSocket);
  CHECK(bind(listener.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) == 0);
  CHECK(listen(listener.get(), 1) == 0);
  const int code = authenticate({.options = "timeout=1"}).code;
  unlink(bus::kSystemBusSocket);
  CHECK(code == PAM_AUTHINFO_UNAVAIL);
}

void a_daemon_that_hangs_is_given_up_after_the_timeout() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, {"Next", hang()}, {"Cancel", nothing()}, {"gone", nothing()}});
  CHECK(authenticate({.options = "timeout=1"}).code == PAM_AUTHINFO_UNAVAIL);
  daemon.must_be_done();
}

void a_daemon_that_vanishes_is_unavailable() {
  const PrivateBus bus;
  const std::vector<std::vector<Event>> scripts = {
      {kBegin, {"Next", vanish()}},
      {kBegin, next("", "tell", {{"message", "touch"}}), {"Next", vanish()}},
      {kBegin, kAsksPin, {"Next secret=1234", vanish()}},
  };
  for (const std::vector<Event> &script : scripts) {
    ScriptedDaemon daemon(script);
    CHECK(authenticate({.replies = {{Kind::Text, "1234"}}}).code == PAM_AUTHINFO_UNAVAIL);
    daemon.must_be_done();
  }
}

void a_bus_that_vanishes_is_unavailable() {
  auto bus = std::make_unique<PrivateBus>();
  const ScriptedDaemon daemon({kBegin, next("", "tell", {{"message", "touch"}})});
  CHECK(authenticate({.while_told = [&] { bus.reset(); }}).code == PAM_AUTHINFO_UNAVAIL);
}

void an_answer_that_makes_no_sense_is_unavailable() {
  const PrivateBus bus;
  const Reaction answers[] = {
      step("SUCCESS"),
      step("granted "),
      step("granted", {{"message", true}}),
      step("unavailable", {{"message", std::vector<std::string>{"not-enrolled"}}}),
      step("unavailable", {{"message", "not-enrolled\n"}}),
      append([](sd_bus_message *m) { return sd_bus_message_append(m, "u", 0U); }),
      append([](sd_bus_message *m) { return sd_bus_message_append(m, "s", "granted"); }),
  };
  for (const Reaction &answer : answers) {
    ScriptedDaemon daemon({kBegin, {"Next", answer}}, {.forever = true});
    CHECK(authenticate().code == PAM_AUTHINFO_UNAVAIL);
  }
}

void a_stranger_who_owns_the_name_is_not_believed() {
  if (!can_change_user()) throw Skipped("needs to become another user");
  const PrivateBus bus;
  ScriptedDaemon stranger({}, {.uid = 65534});
  CHECK(authenticate().code == PAM_AUTHINFO_UNAVAIL);
  stranger.must_be_done();
}

void hostile_details_are_shown_harmlessly() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, next("", "tell", {{"message", "touch"}, {"device", "%s%n\x1b[2J\r\nx"}}),
                         next("", "granted")});
  const HostResult result = authenticate({.options = "debug"});
  CHECK(result.code == PAM_SUCCESS);
  CHECK(result.said == Said{"info: Touch your %s%n?[2J??x."});
  daemon.must_be_done();
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  module_path = argv[1];
  recorder_path = argv[2];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(granted_lets_in),
      TEST(an_account_without_passkeys_is_passed_by_in_silence),
      TEST(a_refusal_is_an_error_with_words_and_a_delay),
      TEST(every_other_end_has_its_code),
      TEST(a_code_that_was_tried_is_a_refusal_and_one_that_cannot_be_is_none),
      TEST(a_lock_is_a_refusal_of_its_own),
      TEST(stepping_down_after_a_refusal_is_still_a_failed_try),
      TEST(who_has_few_backup_codes_left_hears_of_it_even_in_silence),
      TEST(an_error_of_the_daemon_has_its_code),
      TEST(what_the_person_can_act_on_is_said),
      TEST(the_other_groups_claim_nothing),
      TEST(a_pin_is_asked_without_echo_and_sent_once),
      TEST(a_longest_reply_is_sent_whole),
      TEST(a_conversation_that_fails_is_no_pin),
      TEST(an_empty_line_steps_down),
      TEST(a_host_that_shows_nothing_is_not_waited_in),
      TEST(a_choice_is_a_numbered_list),
      TEST(nonsense_is_no_choice),
      TEST(the_host_is_passed_on_and_a_remote_one_stays_remote),
      TEST(an_account_that_does_not_exist_looks_like_one_without_passkeys),
      TEST(an_impossible_name_is_refused_before_the_daemon_hears_of_it),
      TEST(without_a_bus_the_module_is_unavailable),
      TEST(without_a_daemon_the_module_is_unavailable),
      TEST(a_silent_bus_is_given_up_after_the_timeout),
      TEST(a_daemon_that_hangs_is_given_up_after_the_timeout),
      TEST(a_daemon_that_vanishes_is_unavailable),
      TEST(a_bus_that_vanishes_is_unavailable),
      TEST(an_answer_that_makes_no_sense_is_unavailable),
      TEST(a_stranger_who_owns_the_name_is_not_believed),
      TEST(hostile_details_are_shown_harmlessly),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
