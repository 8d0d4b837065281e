/// A security key as passkey-askpass asks it: when it wants the PIN, what it says, and when it gives up.
#include "ssh/askpass/security_key.h"

#include "tests/scripted_conversation.h"
#include "tests/usb/bench.h"

using namespace passkeyd;
using namespace passkeyd::askpass;
using namespace passkeyd::test;

namespace {

using Uv = UserVerification;
using Said = std::vector<std::string>;

const std::string kName = "passkeyd Software Security Key";
const std::string kTouch = "cue: Touch your " + kName + ".";
const std::string kPin = "secret: PIN of your " + kName + ", or Enter to skip: ";

/// What came of asking the key, with these replies of the person.
struct Try {
  Try(const BenchKey &key, const Credential &credential, Uv uv, std::deque<Reply> replies = {})
      : person(std::move(replies)), proof(SecurityKey(key.info()).prove(login({credential}, uv), person)) {}

  [[nodiscard]] bool worked() const { return proof && proof.value(); }
  [[nodiscard]] ErrorKind why() const {
    CHECK(!proof);
    return proof.error().kind;
  }

  ScriptedConversation person;
  Result<std::optional<Assertion>> proof;
};

void a_touch_asks_for_no_pin() {
  const BenchKey key({"--pin", "123456"});
  const Credential own = enroll(key, "123456", Uv::Required);
  for (const Uv uv : {Uv::Discouraged, Uv::Preferred}) {
    const Try touched(key, own, uv);
    CHECK(touched.worked() && touched.person.said == Said{kTouch});
  }
}

void verification_by_pin_asks_first_and_touches_then() {
  const BenchKey key({"--pin", "123456"});
  const Credential own = enroll(key, "123456", Uv::Required);
  key.forget();
  const Try proved(key, own, Uv::Required, {"123456"});
  CHECK(proved.worked() && (proved.person.said == Said{kPin, kTouch}));
  CHECK(key.count("getAssertion") == 1);
}

void a_sensor_asks_for_no_pin() {
  const BenchKey key({"--uv", "--pin", "123456"});
  const Credential own = enroll(key, nullptr, Uv::Required);
  const Try proved(key, own, Uv::Required);
  CHECK(proved.worked() &&
        proved.person.said.at(0) == "cue: Use the fingerprint sensor of your " + kName + ".");
}

void a_finger_that_is_not_known_may_give_the_pin() {
  const BenchKey key({"--uv", "--pin", "123456"});
  const Credential own = enroll(key, nullptr, Uv::Required);
  key.tell("touch deny");
  const Try stepped_down(key, own, Uv::Required, {""});
  CHECK(stepped_down.why() == ErrorKind::Cancelled);
  CHECK(stepped_down.person.said.back() == kPin);
}

void a_wrong_pin_may_be_typed_again_twice() {
  const BenchKey key({"--pin", "123456"});
  const Credential own = enroll(key, "123456", Uv::Required);
  const Try third(key, own, Uv::Required, {"000000", "1", "123456"});  // "1" cannot be one and is not sent
  CHECK(third.worked() && key.pin_tries() == 8);
  const Try never(key, own, Uv::Required, {"000000", "1", "2", "123456"});
  CHECK(never.why() == ErrorKind::PinInvalid && key.pin_tries() == 7);
}

void the_last_two_tries_are_left() {
  BenchKey key({"--pin", "123456"});
  const Credential own = enroll(key, "123456", Uv::Required);
  while (key.pin_tries() > 2) {
    const Try wrong(key, own, Uv::Required, {"000000", ""});
    key.unplug();  // three in a row block it until then
    key.plug();
  }
  const Try last(key, own, Uv::Required, {"123456"});
  CHECK(last.why() == ErrorKind::PinTriesLow && key.pin_tries() == 2);
}

void a_key_without_a_pin_cannot_verify_and_is_not_asked_to() {
  const BenchKey key;
  const Credential own = enroll(key);
  const Try proved(key, own, Uv::Required);
  CHECK(proved.why() == ErrorKind::PinNotSet && proved.person.said.empty());
}

void a_key_says_silently_whether_it_holds_a_passkey() {
  const BenchKey key({"--touch", "wait"});
  key.tell("touch auto");
  const Credential own = enroll(key);
  key.tell("touch wait");
  CHECK(MUST(SecurityKey(key.info()).holds(rp_id(), {Bytes(64, 1), own.id})));
  CHECK(!MUST(SecurityKey(key.info()).holds(rp_id(), {Bytes(64, 1)})));
}

void a_new_passkey_says_whether_the_sensor_made_it() {
  const BenchKey sensor({"--uv"}, 0), pin({"--pin", "123456"}, 1);
  ScriptedConversation nobody, person({"123456"});
  CHECK(MUST(SecurityKey(sensor.info()).enroll(registration(Uv::Required), nobody)).sensor);
  CHECK(!MUST(SecurityKey(pin.info()).enroll(registration(Uv::Required), person)).sensor);
  CHECK((person.said == Said{kPin, kTouch}));
  ScriptedConversation leaves({""});
  CHECK(SecurityKey(pin.info()).enroll(registration(Uv::Required), leaves).error().kind ==
        ErrorKind::Cancelled);
}

void every_key_that_may_be_opened_is_here() {
  const BenchKey one({}, 0), other({}, 1);
  const PasskeySources here = MUST(authenticators_here(ThisComputerIf::Holds));
  CHECK(here.size() == 2 && here[0]->name() == kName);
}

int run_all() {
  const CMUnitTest tests[] = {
      TEST(a_touch_asks_for_no_pin),
      TEST(verification_by_pin_asks_first_and_touches_then),
      TEST(a_sensor_asks_for_no_pin),
      TEST(a_finger_that_is_not_known_may_give_the_pin),
      TEST(a_wrong_pin_may_be_typed_again_twice),
      TEST(the_last_two_tries_are_left),
      TEST(a_key_without_a_pin_cannot_verify_and_is_not_asked_to),
      TEST(a_key_says_silently_whether_it_holds_a_passkey),
      TEST(a_new_passkey_says_whether_the_sensor_made_it),
      TEST(every_key_that_may_be_opened_is_here),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

}  // namespace

int main() {
  return run_on_bench(run_all);
}
