/// Greeters that have one line for words: what a person reads there when something is asked, and that nothing
/// is said twice elsewhere.
#include <security/pam_modules.h>

#include "tests/check.h"
#include "tests/pam_host.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd::test;

namespace {

using Kind = HostReply::Kind;
using Said = std::vector<std::string>;

const Event kOffers = next("", "offer", {{"message", "password-or-passkey"}});
const char *const kOffered = "secret: Password, or Enter to use a passkey: ";
const char *const kToldOffer = "info: Password, or Enter to use a passkey";
const char *const kAsksPin = "secret: PIN of this computer's passkey, or Enter to skip: ";

/// Everything a host of that service is given to show, in a sign-in by `script` in which the person answers
/// `replies`.
Said said_by(const std::string &service, std::vector<Event> script, const std::deque<HostReply> &replies) {
  script.insert(script.begin(), begins("user=alice service=" + service + " first=either"));
  ScriptedDaemon daemon(std::move(script));
  const HostResult result = authenticate({.service = service, .replies = replies});
  daemon.must_be_done();
  return result.said;
}

std::deque<HostReply> types(const std::vector<std::string> &texts) {
  std::deque<HostReply> replies;
  for (const std::string &text : texts) replies.push_back({Kind::Text, text});
  return replies;
}

Event pin_after(const std::string &answer) {
  return next(answer, "ask-secret", {{"message", "pin-platform"}});
}

void the_first_question_is_told_before_it_is_asked() {
  const PrivateBus bus;
  const std::vector<Event> script = {kOffers, next(" empty", "granted")};
  CHECK(said_by("lightdm", script, types({""})) == (Said{kToldOffer, kOffered}));
}

void where_questions_are_shown_they_are_not_told() {
  const PrivateBus bus;
  const std::vector<Event> script = {kOffers, next(" empty", "granted")};
  for (const char *service : {"gdm-password", "greetd", "polkit-1"})
    CHECK(said_by(service, script, types({""})) == Said{kOffered});
}

void a_question_after_an_answer_finds_the_line_empty() {
  const PrivateBus bus;
  const std::vector<Event> script = {kOffers, pin_after(" empty"), next(" secret=135790", "granted")};
  CHECK(said_by("lightdm", script, types({"", "135790"})) == (Said{kToldOffer, kOffered, kAsksPin}));
}

void a_question_is_told_behind_the_complaint_that_it_follows() {
  const PrivateBus bus;
  const std::vector<Event> script = {
      kOffers, pin_after(" empty"),
      next(" secret=111111", "tell", {{"message", "pin-wrong"}, {"next", "again"}}), pin_after(""),
      next(" secret=135790", "granted")};
  const std::string complaint = "Wrong PIN. Try again, or press Enter to go on.";
  CHECK(said_by("lightdm", script, types({"", "111111", "135790"})) ==
        (Said{kToldOffer, kOffered, kAsksPin, "error: " + complaint,
              "info: " + complaint + " PIN of this computer's passkey, or Enter to skip", kAsksPin}));
}

void a_question_that_another_text_would_hide_is_told() {
  const PrivateBus bus;
  const std::vector<Event> script = {kOffers, next(" empty", "tell", {{"message", "working"}}), pin_after(""),
                                     next(" secret=135790", "granted")};
  CHECK(said_by("lightdm", script, types({"", "135790"})) ==
        (Said{kToldOffer, kOffered, "info: One moment...",
              "info: PIN of this computer's passkey, or Enter to skip", kAsksPin}));
}

void what_went_wrong_is_still_there_when_the_next_text_comes() {
  const PrivateBus bus;
  const std::vector<Event> script = {
      kOffers, pin_after(" empty"), next(" secret=135790", "tell", {{"message", "tpm-near-lockout"}}),
      next("", "tell", {{"message", "touch"}}), next("", "denied", {{"message", "denied"}})};
  const std::string near = "The security chip takes no more PINs for now.";
  CHECK(said_by("lightdm", script, types({"", "135790"})) ==
        (Said{kToldOffer, kOffered, kAsksPin, "error: " + near, "info: " + near + " Touch your security key.",
              "error: " + near + " The sign-in was refused. Sign in another way."}));
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  module_path = argv[1];
  recorder_path = argv[2];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(the_first_question_is_told_before_it_is_asked),
      TEST(where_questions_are_shown_they_are_not_told),
      TEST(a_question_after_an_answer_finds_the_line_empty),
      TEST(a_question_is_told_behind_the_complaint_that_it_follows),
      TEST(a_question_that_another_text_would_hide_is_told),
      TEST(what_went_wrong_is_still_there_when_the_next_text_comes),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
