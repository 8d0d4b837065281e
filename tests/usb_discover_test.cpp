/// A sign-in of which nobody said whose it is: keys that know, keys that do not, and keys that lie about it.
#include <optional>
#include <thread>

#include "tests/usb/bench.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

using Uv = UserVerification;
constexpr const char *kPin = "123456";

Challenge for_anyone() {
  return MUST(Challenge::make_for_anyone(rp_id(), Uv::Required, SystemClock().boot()));
}

RegistrationRequest discoverable(std::uint8_t user) {
  RegistrationRequest request = registration();
  request.user_handle = Bytes(32, user);
  request.discoverable = true;
  return request;
}

Result<Registration> try_enroll(const BenchKey &key, const RegistrationRequest &request,
                                const char *pin = kPin) {
  UsbAuthenticator authenticator(key.info());
  Heard heard;
  const Secret secret = pin_of(pin == nullptr ? "" : pin);
  return authenticator.enroll(request, pin == nullptr ? nullptr : &secret, heard);
}

/// A discoverable credential for `user`, as the ledger would hold it.
Credential enroll_discoverable(const BenchKey &key, std::uint8_t user, const char *pin = kPin) {
  Challenge asked =
      MUST(Challenge::make(Ceremony::Create, rp_id(), account(), Uv::Required, SystemClock().boot()));
  RegistrationRequest request = discoverable(user);
  request.client_data = asked.client_data();
  const Registration made = MUST(try_enroll(key, request, pin));
  Credential credential = MUST(verify_registration(std::move(asked), made, SystemClock().boot()));
  CHECK(credential.user_verification);
  credential.user_handle = request.user_handle;
  credential.discoverable = true;
  credential.state = CredentialState::Active;
  return credential;
}

Result<std::vector<Assertion>> discover(const BenchKey &key, const std::string &client_data,
                                        const char *pin = kPin, Heard *heard = nullptr, int min_tries = 2) {
  UsbAuthenticator authenticator(key.info());
  Heard unheard;
  const Secret secret = pin_of(pin == nullptr ? "" : pin);
  const DiscoveryRequest request{.rp_id = rp_id(), .client_data = client_data, .min_pin_tries = min_tries};
  return authenticator.discover(request, pin == nullptr ? nullptr : &secret,
                                heard == nullptr ? unheard : *heard);
}

std::vector<Assertion> discovered(const BenchKey &key, const char *pin = kPin) {
  return MUST(discover(key, for_anyone().client_data(), pin));
}

Error refused_discovery(const BenchKey &key, const char *pin = kPin, int min_tries = 2) {
  const Result<std::vector<Assertion>> result =
      discover(key, for_anyone().client_data(), pin, nullptr, min_tries);
  if (result) throw Failed("assertions where an error was due");
  return result.error();
}

/// A whole sign-in with the only credential of a key.
Refusal signed_in(const BenchKey &key, const Credential &own, const char *pin = kPin) {
  Challenge challenge = for_anyone();
  const std::vector<Assertion> found = MUST(discover(key, challenge.client_data(), pin));
  CHECK(found.size() == 1);
  return verify(own, std::move(challenge).bind(own.owner), found.front(), SystemClock().boot()).refusal;
}

void what_was_enrolled_is_found_and_verifies() {
  const BenchKey key({"--pin", kPin});
  const Credential own = enroll_discoverable(key, 'a');
  const std::vector<Assertion> found = discovered(key);
  CHECK(found.size() == 1 && found[0].credential_id == own.id && found[0].user_handle == own.user_handle);
  CHECK(signed_in(key, own) == Refusal::None);
}

void a_discoverable_credential_also_logs_in_by_name() {
  const BenchKey key({"--pin", kPin});
  const Credential own = enroll_discoverable(key, 'a');
  CHECK(logged_in(key, {own}, Uv::Required, kPin).user_verified);
  const Assertion named = *MUST(prove(key, login({own}), kPin));
  CHECK(named.user_handle == own.user_handle);
  CHECK(MUST(UsbAuthenticator(key.info()).holds(rp_id(), {own.id})));
}

void every_account_of_a_key_is_found_each_with_an_assertion_that_verifies() {
  const BenchKey key({"--pin", kPin});
  std::vector<Credential> all;
  for (const std::uint8_t user : {'a', 'b', 'c'}) all.push_back(enroll_discoverable(key, user));
  for (const Credential &wanted : all) {
    Challenge challenge = for_anyone();
    const std::vector<Assertion> found = MUST(discover(key, challenge.client_data()));
    CHECK(found.size() == 3);
    for (const Assertion &one : found)
      if (one.credential_id == wanted.id) {
        CHECK(one.user_handle == wanted.user_handle);
        const Verification verdict =
            verify(wanted, std::move(challenge).bind(wanted.owner), one, SystemClock().boot());
        CHECK(verdict.verdict == Verdict::Granted && verdict.user_verified);
      }
  }
}

void a_key_with_nothing_discoverable_has_none() {
  const BenchKey key({"--pin", kPin});
  enroll(key, kPin, Uv::Required);
  CHECK(discovered(key).empty());
}

void a_discovery_costs_what_it_must() {
  const BenchKey with_pin({"--pin", kPin}), with_sensor({"--uv"}, 1);
  for (int credentials = 1; credentials <= 3; ++credentials) {
    enroll_discoverable(with_pin, static_cast<std::uint8_t>(credentials));
    enroll_discoverable(with_sensor, static_cast<std::uint8_t>(credentials), nullptr);
    with_pin.forget();
    with_sensor.forget();
    discovered(with_pin);
    discovered(with_sensor, nullptr);
    std::printf("discovery, %d credentials: %d transactions with a PIN, %d with a sensor\n", credentials,
                with_pin.count(), with_sensor.count());
    CHECK(with_sensor.count() == 5 + credentials - 1);
    CHECK(with_pin.count() == 6 + credentials - 1);  // one more: the tries are read first
    CHECK(with_pin.count("clientPIN.1") == 1);
    CHECK(with_pin.count("getAssertion") == 1);
  }
}

void the_person_is_told_when_to_touch_once() {
  const BenchKey key({"--pin", kPin});
  enroll_discoverable(key, 'a');
  enroll_discoverable(key, 'b');
  Heard heard;
  MUST(discover(key, for_anyone().client_data(), kPin, &heard));
  CHECK(heard.cues == "t");
}

void a_wrong_pin_tells_the_tries_left_and_nothing_of_itself() {
  const BenchKey key({"--pin", kPin});
  enroll_discoverable(key, 'a');
  const Error wrong = refused_discovery(key, "735291");
  CHECK(wrong.kind == ErrorKind::PinWrong && wrong.tries_left == 7);
  CHECK(wrong.sentence.find("735291") == std::string::npos);
  key.forget();
  const Error few = refused_discovery(key, kPin, 7);
  CHECK(few.kind == ErrorKind::PinTriesLow && few.tries_left == 7);
  CHECK(few.sentence.find(kPin) == std::string::npos);
  CHECK(key.count("clientPIN.5") + key.count("clientPIN.9") == 0);  // no PIN was sent
  CHECK(key.pin_tries() == 7);
  const Error bad = refused_discovery(key, "73\xff");
  CHECK(bad.kind == ErrorKind::PinInvalid && bad.sentence.find("73") == std::string::npos);
}

void nothing_is_discovered_without_verification() {
  const BenchKey key({"--pin", kPin}), bare({}, 1);
  enroll_discoverable(key, 'a');
  key.forget();
  CHECK(refused_discovery(key, nullptr).kind == ErrorKind::PinRequired);
  CHECK(key.count("getAssertion") == 0);
  CHECK(refused_discovery(bare, nullptr).kind == ErrorKind::PinNotSet);
  CHECK(refused_discovery(bare).kind == ErrorKind::PinNotSet);
}

void a_key_that_skips_verification_is_refused() {
  const BenchKey key({"--pin", kPin});
  const Credential own = enroll_discoverable(key, 'a');
  key.knob("no-uv", 1);
  CHECK(signed_in(key, own) == Refusal::NoUserVerification);
}

void a_credential_that_is_not_the_enrolled_one_is_refused() {
  const BenchKey key({"--pin", kPin});
  const Credential own = enroll_discoverable(key, 'a');
  key.knob("wrong-credential", 1);
  CHECK(discovered(key).front().credential_id != own.id);
  CHECK(signed_in(key, own) == Refusal::CredentialWrong);
}

void a_user_handle_that_is_not_the_enrolled_one_is_refused() {
  const BenchKey key({"--pin", kPin});
  const Credential own = enroll_discoverable(key, 'a');
  key.knob("wrong-user-handle", 1);
  CHECK(signed_in(key, own) == Refusal::UserHandleWrong);
}

void a_key_that_has_no_end_of_assertions_is_left() {
  const BenchKey key({"--pin", kPin});
  enroll_discoverable(key, 'a');
  key.tell("knob only getAssertion");
  key.knob("more-assertions", 1000);
  key.forget();
  CHECK(refused_discovery(key).kind == ErrorKind::Unsupported);
  CHECK(key.count("getNextAssertion") == static_cast<int>(Port::kMostFurther));
}

void as_many_accounts_as_are_looked_at_are_found_and_one_more_is_too_many() {
  const BenchKey key({"--pin", kPin});
  for (std::uint8_t user = 1; user <= UsbAuthenticator::kMaxDiscovered; ++user)
    enroll_discoverable(key, user);
  CHECK(discovered(key).size() == UsbAuthenticator::kMaxDiscovered);
  enroll_discoverable(key, 'z');
  CHECK(refused_discovery(key).kind == ErrorKind::Unsupported);
}

void a_credential_named_twice_is_malformed() {
  const BenchKey key({"--pin", kPin});
  enroll_discoverable(key, 'a');
  key.knob("more-assertions", 1);
  CHECK(refused_discovery(key).kind == ErrorKind::Malformed);
}

void answers_that_are_none_are_malformed() {
  const BenchKey key({"--pin", kPin});
  enroll_discoverable(key, 'a');
  enroll_discoverable(key, 'b');
  for (const char *command : {"getAssertion", "getNextAssertion"}) {
    key.tell(std::string("knob only ") + command);
    key.knob("malformed-cbor", 1);
    CHECK(refused_discovery(key).kind == ErrorKind::Malformed);
    key.tell("knob reset");
  }
  CHECK(discovered(key).size() == 2);
}

void a_cancelled_discovery_stops_the_blinking() {
  const BenchKey key({"--pin", kPin});
  enroll_discoverable(key, 'a');
  key.tell("touch wait");
  UsbAuthenticator authenticator(key.info());
  const DiscoveryRequest request{.rp_id = rp_id(), .client_data = for_anyone().client_data()};
  const Secret pin = pin_of(kPin);
  Heard heard;
  std::optional<Result<std::vector<Assertion>>> result;
  std::thread asking([&] { result = authenticator.discover(request, &pin, heard); });
  key.await_blinking();
  authenticator.cancel();
  asking.join();
  CHECK(!*result && result->error().kind == ErrorKind::Cancelled);
  key.await_idle();
  key.tell("touch auto");
  CHECK(discovered(key).size() == 1);
}

void a_discoverable_credential_is_made_with_verification_only() {
  const BenchKey key({"--pin", kPin}), bare({}, 1);
  RegistrationRequest request = discoverable('a');
  request.user_verification = Uv::Discouraged;  // whatever the policy
  CHECK(try_enroll(key, request, nullptr).error().kind == ErrorKind::PinRequired);
  CHECK(try_enroll(bare, request, nullptr).error().kind == ErrorKind::PinNotSet);
  CHECK(key.count("makeCredential") + bare.count("makeCredential") == 0);
}

void a_full_key_says_so() {
  const BenchKey key({"--pin", kPin, "--knob", "max-resident=1"});
  enroll_discoverable(key, 'a');
  const Error full = try_enroll(key, discoverable('b')).error();
  CHECK(full.kind == ErrorKind::Unsupported);
  CHECK(full.sentence.find("no room") != std::string::npos);
  enroll(key, kPin, Uv::Required);  // one that is not discoverable needs no room
}

void what_is_not_asked_to_be_discoverable_is_not() {
  const BenchKey key({"--pin", kPin});
  RegistrationRequest request = discoverable('a');
  request.discoverable = false;
  MUST(try_enroll(key, request));
  CHECK(discovered(key).empty());
}

}  // namespace

int main() {
  return run_on_bench([] {
    const CMUnitTest tests[] = {
        TEST(what_was_enrolled_is_found_and_verifies),
        TEST(a_discoverable_credential_also_logs_in_by_name),
        TEST(every_account_of_a_key_is_found_each_with_an_assertion_that_verifies),
        TEST(a_key_with_nothing_discoverable_has_none),
        TEST(a_discovery_costs_what_it_must),
        TEST(the_person_is_told_when_to_touch_once),
        TEST(a_wrong_pin_tells_the_tries_left_and_nothing_of_itself),
        TEST(nothing_is_discovered_without_verification),
        TEST(a_key_that_skips_verification_is_refused),
        TEST(a_credential_that_is_not_the_enrolled_one_is_refused),
        TEST(a_user_handle_that_is_not_the_enrolled_one_is_refused),
        TEST(a_key_that_has_no_end_of_assertions_is_left),
        TEST(as_many_accounts_as_are_looked_at_are_found_and_one_more_is_too_many),
        TEST(a_credential_named_twice_is_malformed),
        TEST(answers_that_are_none_are_malformed),
        TEST(a_cancelled_discovery_stops_the_blinking),
        TEST(a_discoverable_credential_is_made_with_verification_only),
        TEST(a_full_key_says_so),
        TEST(what_is_not_asked_to_be_discoverable_is_not),
    };
    return cmocka_run_group_tests_name("usb discover", tests, nullptr, nullptr);
  });
}
