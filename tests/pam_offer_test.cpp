/// One prompt for a password and a passkey, and the hosts that can be asked no other way: a password is
/// handed to the next module and to nobody else, whatever the host does and whatever the daemon asks.
#include <security/pam_modules.h>

#include "tests/check.h"
#include "tests/pam_host.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd::test;

namespace {

using Kind = HostReply::Kind;
using Said = std::vector<std::string>;

const Event kEither = begins("user=alice service=passkey-test first=either");
const Event kPlain = begins("user=alice service=passkey-test");
const Event kCancel = {"Cancel", nothing()};
const Event kGone = {"gone", nothing()};
const Event kOffers = next("", "offer", {{"message", "password-or-key"}});
const Event kOffersPin = next("", "offer", {{"message", "password-pin-or-key"}, {"accepts-pin", true}});
const Event kAsksPin = next("", "ask-secret", {{"message", "pin-key"}});
const Said kOffered = {"secret: Password, or Enter to use your security key: "};

/// The module, and then whoever judges passwords.
std::string or_password(const std::string &options) {
  return "auth [success=done default=ignore] PASSKEY " + options + "\nauth required RECORDER\n";
}

std::deque<HostReply> types(const std::string &text) {
  return {{Kind::Text, text}};
}

/// Runs one login against a script, all of which must come to pass.
HostResult login(std::vector<Event> script, const HostSetup &setup) {
  ScriptedDaemon daemon(std::move(script));
  HostResult result = authenticate(setup);
  daemon.must_be_done();
  return result;
}

// --- a password
// -----------------------------------------------------------------------------------------------------

void a_typed_password_reaches_the_next_module_and_never_the_bus() {
  const PrivateBus bus;
  const HostResult result = login({kEither, kOffers, kCancel, kGone},
                                  {.replies = types("hunter2"), .stack = or_password("first_prompt=either")});
  CHECK(result.code == PAM_SUCCESS);
  CHECK(result.recorded == Said{"user=alice password=hunter2"});
  CHECK(result.said == kOffered);
}

void a_typed_password_is_no_verdict_and_delays_nobody() {
  const PrivateBus bus;
  const HostResult result = login({kEither, kOffers, kCancel, kGone},
                                  {.options = "first_prompt=either", .replies = types("hunter2")});
  CHECK(result.code == PAM_AUTHINFO_UNAVAIL);
  CHECK(!result.fail_delay);
}

void an_empty_line_goes_on_with_the_passkey() {
  const PrivateBus bus;
  const HostResult result =
      login({kEither, kOffers, next(" empty", "tell", {{"message", "touch"}}), next("", "granted")},
            {.options = "first_prompt=either", .replies = types("")});
  CHECK(result.code == PAM_SUCCESS);
  CHECK(result.said == (Said{kOffered[0], "info: Touch your security key."}));
}

void a_password_alone_never_passes_for_a_passkey_and_a_password() {
  const PrivateBus bus;
  const HostResult required =
      login({kEither, kOffers, kCancel, kGone},
            {.replies = types("hunter2"),
             .stack = "auth required PASSKEY first_prompt=either\nauth required RECORDER\n"});
  CHECK(required.code == PAM_AUTHINFO_UNAVAIL);
  CHECK(required.recorded == Said{"user=alice password=hunter2"});
  const std::string both = "auth [success=ok default=die] PASSKEY\nauth required RECORDER\n";
  for (const char *end : {"not-enrolled", "no-device", "cancelled"}) {
    const HostResult without = login({kPlain, next("", "unavailable", {{"message", end}})}, {.stack = both});
    CHECK(without.code != PAM_SUCCESS && without.recorded.empty());
  }
}

void where_only_passkeys_count_nobody_gets_in_without_one() {
  const PrivateBus bus;
  const std::string only = "auth [success=done default=die] PASSKEY\n";
  for (const char *end : {"not-enrolled", "no-device", "cancelled"})
    CHECK(login({kPlain, next("", "unavailable", {{"message", end}})}, {.stack = only}).code != PAM_SUCCESS);
  CHECK(login({kPlain, next("", "granted")}, {.stack = only}).code == PAM_SUCCESS);
}

void a_failed_conversation_is_no_password() {
  const PrivateBus bus;
  for (const HostReply &failure :
       {HostReply{Kind::NullText}, {Kind::Fails}, {Kind::Text, std::string(600, '1')}}) {
    const HostResult result = login({kEither, kOffers, kCancel, kGone},
                                    {.replies = {failure}, .stack = or_password("first_prompt=either")});
    CHECK(result.recorded == Said{"user=alice password="});
  }
}

// --- a password that may be a PIN
// -------------------------------------------------------------------------------------

void a_pin_in_its_place_lets_in_and_is_no_password() {
  const PrivateBus bus;
  const HostResult result =
      login({begins("user=alice service=passkey-test first=either typed=pin"), kOffersPin,
             next(" secret=314159", "tell", {{"message", "working"}}), next("", "granted")},
            {.replies = types("314159"),
             .stack = "auth optional PASSKEY first_prompt=either typed=pin\nauth required RECORDER\n"});
  CHECK(result.recorded == Said{"user=alice password="});
}

void what_was_no_pin_is_the_password_and_nothing_more_is_asked() {
  const std::vector<std::vector<Event>> ways_to_say_so = {
      {next(" secret=hunter22", "tell", {{"message", "pin-wrong"}, {"tries-left", 4U}}), kCancel, kGone},
      {next(" secret=hunter22", "ask-secret", {{"message", "pin-platform"}}), kCancel, kGone},
      {next(" secret=hunter22", "offer", {{"message", "password-or-pin"}, {"accepts-pin", true}}), kCancel,
       kGone},
      {next(" secret=hunter22", "denied", {{"message", "pin-wrong"}})},
      {next(" secret=hunter22", "unavailable", {{"message", "cancelled"}})},
      {{"Next secret=hunter22", vanish()}},
  };
  const PrivateBus bus;
  for (const std::vector<Event> &way : ways_to_say_so) {
    std::vector<Event> script = {begins("user=alice service=passkey-test first=either typed=pin"),
                                 kOffersPin};
    script.insert(script.end(), way.begin(), way.end());
    const HostResult result =
        login(script, {.replies = types("hunter22"), .stack = or_password("first_prompt=either typed=pin")});
    CHECK(result.code == PAM_SUCCESS && !result.fail_delay);
    CHECK(result.recorded == Said{"user=alice password=hunter22"});
    CHECK(result.said.size() == 1);
  }
}

/// Not without the option, not unless the daemon says so, and nothing that no PIN can be.
void what_cannot_be_a_pin_is_never_sent() {
  struct Row {
    const char *options;
    const char *begin;
    Event offer;
    std::string typed;
  };
  const std::string plain = "first_prompt=either";
  const Row rows[] = {
      {"first_prompt=either", "", kOffersPin, "hunter22"},
      {"first_prompt=either typed=password", "", kOffersPin, "hunter22"},
      {"first_prompt=either typed=pin", " typed=pin", kOffers, "hunter22"},
      {"first_prompt=either typed=pin", " typed=pin", kOffersPin, "12345"},
      {"first_prompt=either typed=pin", " typed=pin", kOffersPin, std::string(64, '1')},
      {"first_prompt=either typed=pin", " typed=pin", kOffersPin,
       "no\xff"
       "text"},
  };
  const PrivateBus bus;
  for (const Row &row : rows) {
    const HostResult result =
        login({begins(std::string("user=alice service=passkey-test first=either") + row.begin), row.offer,
               kCancel, kGone},
              {.replies = types(row.typed), .stack = or_password(row.options)});
    CHECK(result.recorded == Said{"user=alice password=" + row.typed});
  }
}

// --- hosts that can be asked but once
// ---------------------------------------------------------------------------------

const char *const kOneAnswer[] = {"sddm", "swaylock", "kde", "i3lock",  "hyprlock",
                                  "lxdm", "slim",     "xdm", "dovecot", "plasmalogin"};

/// Whatever a daemon could ask after the one prompt.
const std::vector<Event> kMoreQuestions = {
    next(" empty", "ask-secret", {{"message", "pin-key"}}),
    next(" empty", "ask", {{"message", "pin-key"}}),
    next(" empty", "choose", {{"message", "choose-device"}, {"options", std::vector<std::string>{"a", "b"}}}),
    next(" empty", "offer", {{"message", "password-or-pin"}, {"accepts-pin", true}}),
    next(" empty", "ask-secret", {{"message", "backup-code"}}),
    next(" empty", "unavailable", {{"message", "cancelled"}}),
};

std::vector<Event> then(std::vector<Event> script, const std::vector<Event> &more) {
  script.insert(script.end(), more.begin(), more.end());
  return script;
}

void a_one_answer_host_is_asked_once_whatever_the_daemon_asks() {
  const PrivateBus bus;
  for (const char *service : kOneAnswer) {
    const std::string begin = std::string("user=alice service=") + service + " first=either host=one-answer";
    const HostResult result =
        login(then({begins(begin), kOffers}, kMoreQuestions),
              {.service = service,
               .replies = {{Kind::Text, ""}, {Kind::Text, "hunter2"}, {Kind::Text, "hunter2"}}});
    CHECK(result.code == PAM_AUTHINFO_UNAVAIL);
    CHECK(result.said == kOffered);
  }
}

void a_one_answer_host_is_never_asked_for_anything_but_a_password() {
  const PrivateBus bus;
  const Event begin = begins("user=alice service=sddm first=either host=one-answer");
  for (const char *question : {"ask-secret", "ask"}) {
    const HostResult result = login({begin, next("", question, {{"message", "pin-key"}}),
                                     next(" empty", "unavailable", {{"message", "cancelled"}})},
                                    {.service = "sddm", .replies = types("hunter2")});
    CHECK(result.said.empty());
  }
}

void a_password_typed_at_a_one_answer_host_is_handed_on() {
  const PrivateBus bus;
  const HostResult result =
      login({begins("user=alice service=swaylock first=either host=one-answer"), kOffers, kCancel, kGone},
            {.service = "swaylock", .replies = types("hunter2"), .stack = or_password("")});
  CHECK(result.recorded == Said{"user=alice password=hunter2"});
}

void a_host_that_aborts_or_shows_nothing_comes_to_a_clean_end() {
  const PrivateBus bus;
  const Event begin = begins("user=alice service=swaylock first=either host=one-answer");
  CHECK(login({begin, kOffers, kCancel, kGone}, {.service = "swaylock", .replies = {{Kind::Fails}}}).code ==
        PAM_AUTHINFO_UNAVAIL);
  CHECK(login({begin, kOffers, next(" empty", "tell", {{"message", "touch"}}), kCancel, kGone},
              {.service = "swaylock", .replies = types(""), .tells_fail = true})
            .code == PAM_AUTHINFO_UNAVAIL);
}

void where_no_question_is_seen_none_is_asked() {
  const PrivateBus bus;
  for (const std::string service : {"kde-fingerprint", "gdm-fingerprint", "gdm-smartcard"}) {
    const HostResult result = login({begins("user=alice service=" + service + " host=one-answer"), kOffers,
                                     next(" empty", "tell", {{"message", "touch"}}), next("", "granted")},
                                    {.service = service, .replies = types("hunter2")});
    CHECK(result.code == PAM_SUCCESS);
    CHECK(result.said == Said{"info: Touch your security key."});
  }
}

void a_greeter_begins_with_the_prompt_for_both_unless_told_otherwise() {
  const PrivateBus bus;
  for (const std::string service : {"gdm-password", "lightdm", "greetd", "polkit-1"}) {
    const std::string begin = "user=alice service=" + service;
    CHECK(login({begins(begin + " first=either"), kOffers, next(" empty", "granted")},
                {.service = service, .replies = types("")})
              .code == PAM_SUCCESS);
    CHECK(login({begins(begin), next("", "granted")}, {.options = "first_prompt=passkey", .service = service})
              .code == PAM_SUCCESS);
  }
}

/// A host that nobody has heard of, and that gives what was typed to every prompt.
void the_same_answer_to_the_next_question_is_no_answer() {
  const PrivateBus bus;
  const HostResult result = login(
      {begins("user=alice service=unheard-of"), kAsksPin,
       next(" secret=hunter2", "tell", {{"message", "pin-wrong"}, {"next", "again"}}),
       next("", "ask-secret", {{"message", "pin-key"}}), next(" empty", "denied", {{"message", "denied"}})},
      {.service = "unheard-of", .replies = {{Kind::Text, "hunter2"}, {Kind::Text, "hunter2"}}});
  CHECK(result.code == PAM_AUTH_ERR);
}

void the_option_knows_better_than_the_table() {
  const PrivateBus bus;
  CHECK(login({begins("user=alice service=sddm"), kAsksPin, next(" secret=1234", "granted")},
              {.options = "host=talks", .service = "sddm", .replies = types("1234")})
            .code == PAM_SUCCESS);
  const HostResult result = login(
      then({begins("user=alice service=passkey-test first=either host=one-answer"), kOffers}, kMoreQuestions),
      {.options = "host=one-answer", .replies = types("")});
  CHECK(result.said == kOffered);
}

// --- sshd: some of its methods answer alike, others talk
// ---------------------------------------------------------------

const Event kSshd = begins("user=alice service=sshd askpass first=either");

void sshd_is_asked_for_nothing_before_it_had_a_chance_to_give_the_password() {
  const PrivateBus bus;
  for (const char *options : {"", "host=talks", "first_prompt=passkey"}) {
    const HostResult result =
        login({kSshd, kAsksPin, next(" empty", "offer", {{"message", "password-or-code"}}), kCancel, kGone},
              {.options = options, .service = "sshd", .replies = types("hunter2")});
    CHECK(result.said == Said{"secret: Password, or Enter to use a backup code: "});
  }
}

void after_an_empty_line_sshd_talks() {
  const PrivateBus bus;
  const HostResult result =
      login({kSshd, next("", "offer", {{"message", "password-or-code"}}),
             next(" empty", "ask-secret", {{"message", "backup-code"}}), next(" secret=1-AAAAA", "granted")},
            {.service = "sshd", .replies = {{Kind::Text, ""}, {Kind::Text, "1-AAAAA"}}});
  CHECK(result.code == PAM_SUCCESS);
}

// --- a passkey-askpass behind sshd
// -------------------------------------------------------------------------------------

const std::string kToken(200, '.');
const std::string kChallenge = "passkeyd1:AAAA";
const Event kBoth = next("", "offer", {{"message", "passkey-or-password"}});
const Event kPretendsBoth = next("", "offer", {{"message", "passkey-or-password"}, {"pretend", true}});
const Event kRelays = next(" helper", "ask", {{"message", "relay"}, {"prompt", kChallenge}});

std::deque<HostReply> types(const std::string &one, const std::string &other) {
  return {{Kind::Text, one}, {Kind::Text, other}};
}

void a_challenge_goes_to_the_helper_unseen_and_its_answer_to_the_daemon() {
  const PrivateBus bus;
  const HostResult result = login({kSshd, kBoth, kRelays, next(" text=QUJD", "granted")},
                                  {.service = "sshd", .replies = types(kToken, "QUJD")});
  CHECK(result.code == PAM_SUCCESS);
  CHECK(result.said == (Said{"secret: Passkey or password: ", "secret: " + kChallenge}));
}

void what_can_be_no_answer_of_the_helper_goes_no_further() {
  const PrivateBus bus;
  const Event refuses = next(" text=!", "denied", {{"message", "denied"}});
  const std::string password = "hunter2" + std::string(193, 'x');  // as long as the token
  for (const auto &replies : {types(password, password), types(kToken, "hunter2!")}) {
    const HostResult result =
        login({kSshd, kBoth, kRelays, refuses}, {.service = "sshd", .replies = replies});
    CHECK(result.code == PAM_AUTH_ERR && result.fail_delay);
  }
  const Event goes_on = next(" empty", "unavailable", {{"message", "remote-session"}});
  CHECK(login({kSshd, kBoth, kRelays, goes_on},
              {.service = "sshd", .replies = types(kToken, std::string(1024, 'x'))})
            .code == PAM_AUTHINFO_UNAVAIL);
}

void nobody_but_sshd_is_asked_for_the_helper() {
  const PrivateBus bus;
  const Event relays = next("", "ask", {{"message", "relay"}, {"prompt", kChallenge}});
  const Event goes_on = next(" empty", "unavailable", {{"message", "remote-session"}});
  CHECK(login({kPlain, relays, goes_on}, {.replies = types("QUJD")}).said.empty());
}

void an_account_without_a_passkey_goes_on_with_the_password_that_was_typed() {
  const PrivateBus bus;
  const std::string both = "auth required PASSKEY\nauth required RECORDER\n";
  const HostResult result = login({kSshd, kPretendsBoth, kCancel, kGone},
                                  {.service = "sshd", .replies = types("hunter2"), .stack = both});
  CHECK(result.code == PAM_SUCCESS);
  CHECK(result.recorded == Said{"user=alice password=hunter2"});
  const HostResult enrolled =
      login({kSshd, kBoth, kCancel, kGone}, {.service = "sshd", .replies = types("hunter2"), .stack = both});
  CHECK(enrolled.code == PAM_AUTHINFO_UNAVAIL);
}

void a_refusal_that_is_pretended_looks_and_takes_as_long_as_a_real_one() {
  const PrivateBus bus;
  const std::string stack = "auth [default=ignore] PASSKEY\nauth required RECORDER\n";
  HostResult results[2];
  for (const bool pretend : {false, true}) {
    const Event refuses = next(" text=QUJD", "denied", {{"message", "denied"}, {"pretend", pretend}});
    results[pretend ? 1 : 0] = login({kSshd, pretend ? kPretendsBoth : kBoth, kRelays, refuses},
                                     {.service = "sshd", .replies = types(kToken, "QUJD"), .stack = stack});
  }
  CHECK(results[0].said == results[1].said && results[0].said.size() == 3);
  CHECK(results[0].fail_delay && results[1].fail_delay == results[0].fail_delay);
}

// --- a password that is known already
// ----------------------------------------------------------------------------------

/// Two lines of the module: at the first the password is typed, the second is what is looked at.
HostResult second_line(const std::string &service, const std::string &options, const Event &first,
                       const std::vector<Event> &second, std::deque<HostReply> replies) {
  replies.push_front({Kind::Text, "hunter2"});
  return login(then({first, kOffers, kCancel, kGone}, second),
               {.service = service,
                .replies = std::move(replies),
                .stack = "auth [default=ignore] PASSKEY " + options +
                         "\nauth [success=done default=die] PASSKEY " + options + "\n"});
}

void a_password_that_is_known_is_not_asked_for_again() {
  const PrivateBus bus;
  const HostResult result = second_line(
      "passkey-test", "first_prompt=either", kEither,
      {kPlain, next("", "offer", {{"message", "password-or-key"}}), next(" empty", "granted")}, {});
  CHECK(result.code == PAM_SUCCESS);
  CHECK(result.said == kOffered);
}

void a_one_answer_host_that_gave_its_answer_is_asked_nothing() {
  const PrivateBus bus;
  const HostResult result =
      second_line("sddm", "", begins("user=alice service=sddm first=either host=one-answer"),
                  then({begins("user=alice service=sddm host=one-answer"), kOffers}, kMoreQuestions),
                  {{Kind::Text, "hunter2"}});
  CHECK(result.said == kOffered);
}

void the_known_password_is_no_answer_of_sshd_to_another_question() {
  const PrivateBus bus;
  const Event asks = next("", "ask-secret", {{"message", "backup-code"}});
  const HostResult alike = second_line(
      "sshd", "", kSshd,
      {begins("user=alice service=sshd"), asks, next(" empty", "unavailable", {{"message", "cancelled"}})},
      {{Kind::Text, "hunter2"}});
  CHECK(alike.code == PAM_AUTHINFO_UNAVAIL);
  const HostResult talking = second_line(
      "sshd", "", kSshd, {begins("user=alice service=sshd"), asks, next(" secret=1-AAAAA", "granted")},
      {{Kind::Text, "1-AAAAA"}});
  CHECK(talking.code == PAM_SUCCESS);
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  module_path = argv[1];
  recorder_path = argv[2];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(a_typed_password_reaches_the_next_module_and_never_the_bus),
      TEST(a_typed_password_is_no_verdict_and_delays_nobody),
      TEST(an_empty_line_goes_on_with_the_passkey),
      TEST(a_password_alone_never_passes_for_a_passkey_and_a_password),
      TEST(where_only_passkeys_count_nobody_gets_in_without_one),
      TEST(a_failed_conversation_is_no_password),
      TEST(a_pin_in_its_place_lets_in_and_is_no_password),
      TEST(what_was_no_pin_is_the_password_and_nothing_more_is_asked),
      TEST(what_cannot_be_a_pin_is_never_sent),
      TEST(a_one_answer_host_is_asked_once_whatever_the_daemon_asks),
      TEST(a_one_answer_host_is_never_asked_for_anything_but_a_password),
      TEST(a_password_typed_at_a_one_answer_host_is_handed_on),
      TEST(a_host_that_aborts_or_shows_nothing_comes_to_a_clean_end),
      TEST(where_no_question_is_seen_none_is_asked),
      TEST(a_greeter_begins_with_the_prompt_for_both_unless_told_otherwise),
      TEST(the_same_answer_to_the_next_question_is_no_answer),
      TEST(the_option_knows_better_than_the_table),
      TEST(sshd_is_asked_for_nothing_before_it_had_a_chance_to_give_the_password),
      TEST(after_an_empty_line_sshd_talks),
      TEST(a_challenge_goes_to_the_helper_unseen_and_its_answer_to_the_daemon),
      TEST(what_can_be_no_answer_of_the_helper_goes_no_further),
      TEST(nobody_but_sshd_is_asked_for_the_helper),
      TEST(an_account_without_a_passkey_goes_on_with_the_password_that_was_typed),
      TEST(a_refusal_that_is_pretended_looks_and_takes_as_long_as_a_real_one),
      TEST(a_password_that_is_known_is_not_asked_for_again),
      TEST(a_one_answer_host_that_gave_its_answer_is_asked_nothing),
      TEST(the_known_password_is_no_answer_of_sshd_to_another_question),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
