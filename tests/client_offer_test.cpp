/// What a login can be asked for beyond the ordinary, and the password that a person may type instead:
/// against a scripted daemon on a private bus.
#include "client/dialogue.h"
#include "tests/check.h"
#include "tests/private_machine.h"
#include "tests/scripted_conversation.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

using std::chrono::seconds;
using test::next;  // and not the vocabulary's namespace of that name

const Event kBegin = begins("user=alice service=greeter");

UserName name(const char *text) {
  return MUST(UserName::parse(text));
}

Outcome asking(const LoginRequest &request, std::deque<Reply> replies) {
  Patience patience(seconds(60));
  Bus connection = MUST(Bus::open(patience));
  ScriptedConversation conversation(std::move(replies));
  return run_login(connection, request, conversation, patience);
}

const Event kOffer = next("", "offer", {{"message", "password-pin-or-key"}, {"accepts-pin", true}});

void what_differs_from_an_ordinary_login_is_said_at_its_beginning() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {begins("service=greeter first=either host=one-answer typed=pin wait=30"), next("", "granted")});
  CHECK(asking({.user = {},
                .service = "greeter",
                .first = First::Either,
                .host = HostTalk::OneAnswer,
                .typed = Typed::Pin,
                .wait = seconds(30)},
               {})
            .ending == Ending::Granted);
  daemon.must_be_done();
}

void a_text_typed_at_an_offer_ends_the_attempt_and_stays_here() {
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, kOffer, {"Cancel", nothing()}, {"gone", nothing()}});
  const Outcome outcome = asking({name("alice"), "greeter"}, {"hunter22"});
  CHECK(outcome.ending == Ending::Password && outcome.fault.empty());
  CHECK(outcome.password && outcome.password->text() == "hunter22");
  daemon.must_be_done();
}

void only_beside_a_typed_password_is_there_one() {
  const PrivateBus bus;
  for (const char *end : {"granted", "denied", "unavailable"}) {
    ScriptedDaemon daemon({kBegin, kOffer, next(" empty", end, {{"message", "cancelled"}})});
    CHECK(!asking({name("alice"), "greeter"}, {""}).password);
    daemon.must_be_done();
  }
  ScriptedDaemon daemon(
      {begins("user=alice service=greeter typed=pin"), kOffer, next(" secret=314159", "granted")});
  const Outcome granted =
      asking({.user = name("alice"), .service = "greeter", .typed = Typed::Pin}, {"314159"});
  CHECK(granted.ending == Ending::Granted && !granted.password);
  daemon.must_be_done();
}

void a_change_of_pin_goes_the_same_way() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"BeginPinChange user=alice service=s tty=tty1 rhost=h", attempt()},
                         next("", "ask-secret", {{"message", "old-pin-platform"}}),
                         next(" secret=314159", "granted", {{"message", "pin-changed"}})});
  Patience patience(seconds(60));
  Bus connection = MUST(Bus::open(patience));
  ScriptedConversation conversation({"314159"});
  CHECK(run_pin_change(connection, {name("alice"), "s", "tty1", "h"}, conversation, patience).ending ==
        Ending::Granted);
  daemon.must_be_done();
}

void every_detail_is_read() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {kBegin, next("", "granted",
                    {{"message", "code-accepted"}, {"codes-left", 2U}, {"next", "code"}, {"user", "bob"}})});
  const Outcome outcome = asking({name("alice"), "greeter"}, {});
  CHECK(outcome.details.codes_left == 2 && outcome.details.next == "code");
  CHECK(outcome.details.user && outcome.details.user->str() == "bob");
  daemon.must_be_done();
}

}  // namespace

int main() {
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(what_differs_from_an_ordinary_login_is_said_at_its_beginning),
      TEST(a_text_typed_at_an_offer_ends_the_attempt_and_stays_here),
      TEST(only_beside_a_typed_password_is_there_one),
      TEST(a_change_of_pin_goes_the_same_way),
      TEST(every_detail_is_read),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
