/// PINs and sensors that do not do: what reaches the key, what it costs, what is left.
#include "tests/usb/bench.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

using Uv = UserVerification;
constexpr const char *kPin = "123456";

void a_wrong_pin_tells_the_tries_left() {
  const BenchKey key({"--pin", kPin});
  const Credential own = enroll(key, kPin, Uv::Required);
  const Error wrong = refused(key, login({own}), "654321");
  CHECK(wrong.kind == ErrorKind::PinWrong);
  CHECK(wrong.tries_left == 7);
  CHECK(key.pin_tries() == 7);
  CHECK(key.count("getAssertion") == 0);
  logged_in(key, {own}, Uv::Required, kPin);
  CHECK(key.pin_tries() == 8);
}

void what_cannot_be_a_pin_never_reaches_the_key() {
  const BenchKey key({"--pin", kPin});
  const Credential own = enroll(key, kPin, Uv::Required);
  key.forget();
  for (const std::string &bad :
       {std::string(), std::string("1"), std::string("123"), std::string(64, '1'), std::string("1234\xff")}) {
    CHECK(refused(key, login({own}), bad.c_str()).kind == ErrorKind::PinInvalid);
    UsbAuthenticator authenticator(key.info());
    Heard heard;
    const Secret pin = pin_of(bad);
    CHECK(authenticator.enroll(registration(), &pin, heard).error().kind == ErrorKind::PinInvalid);
  }
  CHECK(key.count() == 0);
  CHECK(key.pin_tries() == 8);
}

void a_pin_is_not_sent_to_a_key_that_has_none() {
  const BenchKey key;
  const Credential own = enroll(key);
  key.forget();
  CHECK(refused(key, login({own}), kPin).kind == ErrorKind::PinNotSet);
  CHECK(key.count("clientPIN") == 0);
}

void few_tries_are_left_alone() {
  const BenchKey key({"--pin", kPin});
  const Credential own = enroll(key, kPin, Uv::Required);
  AssertionRequest request = login({own});
  request.read_tries_first = true;
  request.min_pin_tries = 7;
  refused(key, request, "654321");
  CHECK(key.pin_tries() == 7);

  key.forget();
  const Error low = refused(key, request, kPin);  // even the right one: who knows that?
  CHECK(low.kind == ErrorKind::PinTriesLow);
  CHECK(low.tries_left == 7);
  CHECK(key.pin_tries() == 7);
  CHECK(key.count("clientPIN") == 1);
  request.min_pin_tries = 6;
  key.forget();
  CHECK(MUST(prove(key, request, kPin)));
  CHECK(key.count() == 6);  // reading them first is the one transaction more
}

void enrolling_leaves_few_tries_alone_too() {
  const BenchKey key({"--pin", kPin});
  RegistrationRequest request = registration();
  request.min_pin_tries = 8;
  UsbAuthenticator authenticator(key.info());
  Heard heard;
  const Secret pin = pin_of("654321");
  CHECK(authenticator.enroll(request, &pin, heard).error().kind == ErrorKind::PinTriesLow);
  CHECK(key.pin_tries() == 8);
}

void a_key_that_wants_to_be_plugged_in_again_says_so() {
  BenchKey key({"--pin", kPin});
  const Credential own = enroll(key, kPin, Uv::Required);
  Error last;
  for (int tries = 0; tries < 3; ++tries) last = refused(key, login({own}), "654321");
  CHECK(last.kind == ErrorKind::PinSoftBlocked);
  const Error still = refused(key, login({own}), kPin);
  CHECK(still.kind == ErrorKind::PinSoftBlocked);
  CHECK(still.tries_left == 5);
  key.unplug();
  key.plug();
  logged_in(key, {own}, Uv::Required, kPin);
}

void a_blocked_pin_is_blocked_for_good() {
  const BenchKey key({"--pin", kPin});
  const Credential own = enroll(key, kPin, Uv::Required);
  key.knob("pin-blocked", 1);
  const Error blocked = refused(key, login({own}), kPin);
  CHECK(blocked.kind == ErrorKind::PinBlocked);
  CHECK(blocked.tries_left == 0);
}

void verification_without_a_pin_asks_for_it_before_anything_waits() {
  const BenchKey key({"--pin", kPin});
  const Credential own = enroll(key, kPin, Uv::Required);
  key.forget();
  CHECK(refused(key, login({own})).kind == ErrorKind::PinRequired);
  CHECK(key.count() == 2);
}

void a_key_that_cannot_verify_is_told_from_one_that_wants_a_pin() {
  const BenchKey key;
  const Credential own = enroll(key);
  CHECK(refused(key, login({own})).kind == ErrorKind::PinNotSet);
}

void enrolling_asks_for_the_pin_where_the_policy_or_the_key_wants_it() {
  Heard heard;
  const BenchKey key({"--pin", kPin}), strict({"--pin", kPin, "--always-uv"}, 1);
  UsbAuthenticator of_key(key.info()), of_strict(strict.info());
  CHECK(of_key.enroll(registration(Uv::Required), nullptr, heard).error().kind == ErrorKind::PinRequired);
  CHECK(of_strict.enroll(registration(), nullptr, heard).error().kind == ErrorKind::PinRequired);
}

void a_wrong_finger_is_no_wrong_pin() {
  const BenchKey key({"--uv", "--pin", kPin});
  const Credential own = enroll(key, nullptr, Uv::Required);
  key.tell("touch deny");
  const Error failed = refused(key, login({own}));
  CHECK(failed.kind == ErrorKind::UvFailed);
  CHECK(key.pin_tries() == 8);
}

void a_blocked_sensor_gives_way_to_the_pin() {
  const BenchKey key({"--uv", "--pin", kPin});
  const Credential own = enroll(key, nullptr, Uv::Required);
  key.tell("touch deny");
  Error last;
  for (int tries = 0; tries < 6 && last.kind != ErrorKind::UvBlocked; ++tries)
    last = refused(key, login({own}));
  CHECK(last.kind == ErrorKind::UvBlocked);
  key.tell("touch auto");
  CHECK(refused(key, login({own})).kind == ErrorKind::UvBlocked);
  CHECK(logged_in(key, {own}, Uv::Required, kPin).user_verified);
}

void a_pin_in_utf8_is_a_pin() {
  const char *pin = "p\xc3\xa4sswort";
  const BenchKey key({"--pin", pin});
  const Credential own = enroll(key, pin, Uv::Required);
  logged_in(key, {own}, Uv::Required, pin);
}

}  // namespace

int main() {
  return run_on_bench([] {
    const CMUnitTest tests[] = {
        TEST(a_wrong_pin_tells_the_tries_left),
        TEST(what_cannot_be_a_pin_never_reaches_the_key),
        TEST(a_pin_is_not_sent_to_a_key_that_has_none),
        TEST(few_tries_are_left_alone),
        TEST(enrolling_leaves_few_tries_alone_too),
        TEST(a_key_that_wants_to_be_plugged_in_again_says_so),
        TEST(a_blocked_pin_is_blocked_for_good),
        TEST(verification_without_a_pin_asks_for_it_before_anything_waits),
        TEST(a_key_that_cannot_verify_is_told_from_one_that_wants_a_pin),
        TEST(enrolling_asks_for_the_pin_where_the_policy_or_the_key_wants_it),
        TEST(a_wrong_finger_is_no_wrong_pin),
        TEST(a_blocked_sensor_gives_way_to_the_pin),
        TEST(a_pin_in_utf8_is_a_pin),
    };
    return cmocka_run_group_tests_name("usb pin", tests, nullptr, nullptr);
  });
}
