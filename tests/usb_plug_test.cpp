/// Keys coming and going: who is there, which of them knows the person, and who hears of it.
#include <poll.h>

#include "common/account.h"
#include "tests/usb/bench.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

/// Waits for the watch to have something, and takes it.
bool hears_something(KeyWatch &watch) {
  pollfd wait = {watch.fd(), POLLIN, 0};
  return poll(&wait, 1, 10'000) == 1 && watch.drain();
}

/// Takes what is still arriving from a plug that was heard already.
void settle(KeyWatch &watch) {
  pollfd wait = {watch.fd(), POLLIN, 0};
  while (poll(&wait, 1, 0) == 1) watch.drain();
}

void without_a_key_the_list_is_empty() {
  CHECK(MUST(plugged_keys()).empty());
}

void a_plugged_key_has_a_path_and_a_name_for_people() {
  const BenchKey key;
  const KeyInfo info = key.info();
  CHECK(info.path.starts_with("/dev/hidraw"));
  CHECK(info.name == "passkeyd Software Security Key");
  CHECK(info.vendor_id == 0x1209);
  CHECK(info.product_id == 0xf1d0);
}

void looking_never_opens_a_key() {
  const BenchKey key;
  key.forget();
  CHECK(MUST(plugged_keys()).size() == 1);
  CHECK(key.count() == 0);
}

void two_keys_are_told_apart_by_what_they_hold() {
  const BenchKey first({"--pin", "123456"}), second({"--touch", "wait"}, 1);
  CHECK(MUST(plugged_keys()).size() == 2);
  CHECK(first.info().path != second.info().path);
  const Credential own = enroll(first, "123456", UserVerification::Required);

  // With a PIN, verified at enrollment: still found silently.
  CHECK(MUST(UsbAuthenticator(first.info()).holds(rp_id(), {own.id})));
  CHECK(!MUST(UsbAuthenticator(second.info()).holds(rp_id(), {own.id})));
  CHECK(!MUST(UsbAuthenticator(first.info()).holds(MUST(RpId::parse("elsewhere.example")), {own.id})));
  CHECK(!MUST(UsbAuthenticator(first.info()).holds(rp_id(), {})));
}

void asking_what_a_key_holds_costs_three_transactions_and_no_touch() {
  const BenchKey key;
  const Credential own = enroll(key);
  key.tell("touch wait");
  key.forget();
  std::vector<Bytes> ids(7, Bytes(64, 1));
  ids.push_back(own.id);
  CHECK(MUST(UsbAuthenticator(key.info()).holds(rp_id(), ids)));
  CHECK(key.count() == 3);
}

void a_watch_sees_a_key_come_and_go() {
  BenchKey key;
  KeyWatch watch = MUST(KeyWatch::start());
  CHECK(!watch.drain());
  key.unplug();
  CHECK(hears_something(watch));
  settle(watch);
  CHECK(MUST(plugged_keys()).empty());
  key.plug();
  CHECK(hears_something(watch));
  CHECK(MUST(plugged_keys()).size() == 1);
  settle(watch);
  CHECK(!watch.drain());
}

}  // namespace

int main() {
  return run_on_bench([] {
    const CMUnitTest tests[] = {
        TEST(without_a_key_the_list_is_empty),
        TEST(a_plugged_key_has_a_path_and_a_name_for_people),
        TEST(looking_never_opens_a_key),
        TEST(two_keys_are_told_apart_by_what_they_hold),
        TEST(asking_what_a_key_holds_costs_three_transactions_and_no_touch),
        TEST(a_watch_sees_a_key_come_and_go),
    };
    return cmocka_run_group_tests_name("usb plug", tests, nullptr, nullptr);
  });
}
