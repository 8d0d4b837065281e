/// Logging in and enrolling with a key that behaves: what it costs, what is said, what is refused.
#include <cstdio>

#include "tests/usb/bench.h"
#include "usb/allow_list.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

using Uv = UserVerification;

/// `wanted` credentials of which only the last was made by the key.
std::vector<Credential> among_strangers(const Credential &own, std::size_t wanted) {
  std::vector<Credential> all;
  for (std::uint8_t at = 1; all.size() + 1 < wanted; ++at) {
    Credential stranger = own;
    stranger.id = Bytes(own.id.size(), at);
    all.push_back(std::move(stranger));
  }
  all.push_back(own);
  return all;
}

/// CTAPHID transactions of one granted login among so many credentials, printed as the price it is.
int price_of_login(const BenchKey &key, const Credential &own, std::size_t credentials, Uv uv,
                   const char *pin = nullptr) {
  const std::vector<Credential> all = among_strangers(own, credentials);
  key.forget();
  logged_in(key, all, uv, pin);
  const int price = key.count();
  std::printf("login, %2zu credentials, %s: %d transactions\n", credentials,
              pin != nullptr          ? "PIN"
              : uv == Uv::Discouraged ? "touch"
                                      : "sensor",
              price);
  return price;
}

void a_touch_costs_three_transactions_whatever_is_enrolled() {
  const BenchKey key;
  const Credential own = enroll(key);
  CHECK(price_of_login(key, own, 1, Uv::Discouraged) == 3);
  CHECK(price_of_login(key, own, 8, Uv::Discouraged) == 3);
}

void a_pin_costs_five_transactions_whatever_is_enrolled() {
  const BenchKey key({"--pin", "123456"});
  const Credential own = enroll(key, "123456", Uv::Required);
  CHECK(price_of_login(key, own, 1, Uv::Required, "123456") == 5);
  CHECK(price_of_login(key, own, 8, Uv::Required, "123456") == 5);
}

void a_sensor_costs_five_transactions_whatever_is_enrolled() {
  const BenchKey key({"--uv"});
  const Credential own = enroll(key, nullptr, Uv::Required);
  CHECK(price_of_login(key, own, 1, Uv::Required) == 5);
  CHECK(price_of_login(key, own, 8, Uv::Required) == 5);
}

void more_credentials_than_a_key_takes_are_asked_in_turns() {
  const BenchKey key;
  const Credential own = enroll(key);
  CHECK(own.max_allow_list == 8);
  CHECK(price_of_login(key, own, 9, Uv::Discouraged) == 4);
  CHECK(price_of_login(key, own, 20, Uv::Discouraged) == 5);

  const BenchKey with_pin({"--pin", "123456"}, 1);
  const Credential verified = enroll(with_pin, "123456", Uv::Required);
  CHECK(price_of_login(with_pin, verified, 17, Uv::Required, "123456") == 2 + 3 * 3);
}

void the_smallest_limit_of_all_a_persons_keys_is_kept() {
  const BenchKey key({"--knob", "max-list=2"});
  const Credential own = enroll(key);
  CHECK(own.max_allow_list == 2);
  std::vector<Credential> all = among_strangers(own, 4);
  all[0].max_allow_list = 8;  // of another key
  all[1].max_allow_list = 0;  // of a key that did not say
  key.forget();
  logged_in(key, all, Uv::Discouraged);
  CHECK(key.count("getAssertion") == 2);
}

void a_key_without_the_credential_says_so_without_a_touch() {
  const BenchKey key({"--touch", "wait"});
  Credential stranger{.id = Bytes(64, 1), .key = {}, .rp_id = rp_id(), .owner = account()};
  Heard heard;
  CHECK(!MUST(prove(key, login({stranger}, Uv::Discouraged), nullptr, &heard)));
  key.forget();
  std::vector<Credential> many(20, stranger);
  CHECK(!MUST(prove(key, login(many, Uv::Discouraged))));
  CHECK(key.count() == 5);
}

void the_touch_is_asked_for_when_the_key_waits_for_it() {
  const BenchKey key({"--pin", "123456"});
  const Credential own = enroll(key, "123456", Uv::Required);
  Heard heard;
  CHECK(MUST(prove(key, login({own}), "123456", &heard)));
  CHECK(heard.cues == "t");
  Heard early;
  CHECK(!prove(key, login({own}), "654321", &early));
  CHECK(early.cues.empty());  // a wrong PIN is no reason to touch anything
}

void a_sensor_asks_for_the_finger_and_then_for_a_touch_if_the_key_wants_one() {
  const BenchKey key({"--uv"});
  const Credential own = enroll(key, nullptr, Uv::Required);
  Heard heard;
  CHECK(MUST(prove(key, login({own}), nullptr, &heard)));
  CHECK(heard.cues.starts_with("v"));
  CHECK(heard.cues.size() <= 2);
}

void enrollments_verify_with_and_without_verification() {
  {
    const BenchKey plain;
    const Credential touch = enroll(plain);
    CHECK(touch.key.algorithm == Algorithm::Es256);
    CHECK(!touch.user_verification);
    CHECK(touch.device == plain.info().name);
    CHECK(!logged_in(plain, {touch}, Uv::Discouraged).user_verified);
  }
  {
    const BenchKey with_pin({"--pin", "123456"});
    const Credential pin = enroll(with_pin, "123456", Uv::Required);
    CHECK(pin.user_verification);
    CHECK(logged_in(with_pin, {pin}, Uv::Required, "123456").user_verified);
  }
  const BenchKey with_sensor({"--uv"});
  const Credential sensor = enroll(with_sensor, nullptr, Uv::Required);
  CHECK(sensor.user_verification);
  CHECK(logged_in(with_sensor, {sensor}).user_verified);
}

void a_key_that_knows_only_eddsa_enrolls_and_logs_in() {
  const BenchKey key({"--algorithms", "eddsa"});
  const Credential own = enroll(key);
  CHECK(own.key.algorithm == Algorithm::EdDsa);
  logged_in(key, {own}, Uv::Discouraged);
}

void both_pin_protocols_are_spoken() {
  for (const char *protocol : {"1", "2"}) {
    const BenchKey key({"--pin", "123456", "--pin-protocols", protocol});
    const Credential own = enroll(key, "123456", Uv::Required);
    logged_in(key, {own}, Uv::Required, "123456");
  }
}

void an_enrolled_key_is_not_enrolled_twice() {
  const BenchKey key;
  const Credential own = enroll(key);
  UsbAuthenticator authenticator(key.info());
  Heard heard;
  RegistrationRequest request = registration();
  request.exclude = {own.id};
  CHECK(authenticator.enroll(request, nullptr, heard).error().kind == ErrorKind::AlreadyExists);

  request.exclude.assign(20, Bytes(64, 7));
  CHECK(authenticator.enroll(request, nullptr, heard));
  request.exclude.push_back(own.id);  // too many for one request: found by asking silently
  key.forget();
  CHECK(authenticator.enroll(request, nullptr, heard).error().kind == ErrorKind::AlreadyExists);
  CHECK(key.count("makeCredential") == 0);
}

void a_request_without_sense_never_reaches_the_key() {
  const BenchKey key;
  key.forget();
  UsbAuthenticator authenticator(key.info());
  Heard heard;
  CHECK(authenticator.prove(login({}), nullptr, heard).error().kind == ErrorKind::InvalidInput);
  RegistrationRequest request = registration();
  request.user_handle.clear();
  CHECK(authenticator.enroll(request, nullptr, heard).error().kind == ErrorKind::InvalidInput);
  request.user_handle = Bytes(65, 1);
  CHECK(authenticator.enroll(request, nullptr, heard).error().kind == ErrorKind::InvalidInput);
  CHECK(key.count() == 0);
}

void a_key_describes_itself_without_a_touch() {
  const BenchKey key({"--pin", "123456", "--touch", "wait"});
  const KeyDescription about = MUST(UsbAuthenticator(key.info()).describe());
  CHECK(about.name == key.info().name);
  CHECK(about.has_pin && !about.has_uv && !about.always_uv);
  CHECK(about.pin_tries == 8);
  CHECK(about.max_allow_list == 8);
  CHECK((about.algorithms == std::vector{Algorithm::Es256, Algorithm::EdDsa}));
  CHECK(about.aaguid != Aaguid{});
}

void a_description_tells_a_sensor_from_a_pin() {
  const BenchKey key({"--uv", "--always-uv", "--algorithms", "eddsa"});
  const KeyDescription about = MUST(UsbAuthenticator(key.info()).describe());
  CHECK(!about.has_pin && about.has_uv && about.always_uv);
  CHECK(!about.pin_tries);
  CHECK(about.algorithms == std::vector{Algorithm::EdDsa});
}

}  // namespace

int main() {
  return run_on_bench([] {
    const CMUnitTest tests[] = {
        TEST(a_touch_costs_three_transactions_whatever_is_enrolled),
        TEST(a_pin_costs_five_transactions_whatever_is_enrolled),
        TEST(a_sensor_costs_five_transactions_whatever_is_enrolled),
        TEST(more_credentials_than_a_key_takes_are_asked_in_turns),
        TEST(the_smallest_limit_of_all_a_persons_keys_is_kept),
        TEST(a_key_without_the_credential_says_so_without_a_touch),
        TEST(the_touch_is_asked_for_when_the_key_waits_for_it),
        TEST(a_sensor_asks_for_the_finger_and_then_for_a_touch_if_the_key_wants_one),
        TEST(enrollments_verify_with_and_without_verification),
        TEST(a_key_that_knows_only_eddsa_enrolls_and_logs_in),
        TEST(both_pin_protocols_are_spoken),
        TEST(an_enrolled_key_is_not_enrolled_twice),
        TEST(a_request_without_sense_never_reaches_the_key),
        TEST(a_key_describes_itself_without_a_touch),
        TEST(a_description_tells_a_sensor_from_a_pin),
    };
    return cmocka_run_group_tests_name("usb login", tests, nullptr, nullptr);
  });
}
