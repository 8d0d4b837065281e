/// What a ceremony process says is hostile until parsed: everything survives the trip, and nothing else gets
/// in.
#include <sys/socket.h>

#include <random>

#include "daemon/ceremony/wire.h"
#include "tests/check.h"

using namespace passkeyd;

namespace {

Bytes some(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t at = 0; at < count; ++at) bytes[at] = static_cast<std::uint8_t>(at * 7);
  return bytes;
}

void a_request_survives_the_trip() {
  wire::Prove sent{
      Way::Usb, {"/dev/hidraw3", "Blue key", 0x1050, 0x407}, {MUST(RpId::parse("host.example"))}};
  sent.request.client_data = "{\"type\":\"webauthn.get\"}";
  sent.request.user_verification = UserVerification::Preferred;
  sent.request.allowed = {{some(64), some(300), 8}, {some(1), {}, 0}};
  sent.request.timeout = std::chrono::milliseconds(12345);
  sent.request.min_pin_tries = 3;
  sent.request.read_tries_first = true;
  const wire::Request request = MUST(wire::decode_request(wire::encode(wire::Request(sent))));
  const auto &got = std::get<wire::Prove>(request);
  CHECK(got.way == Way::Usb && got.device.path == "/dev/hidraw3" && got.device.product_id == 0x407 &&
        got.request.rp_id == sent.request.rp_id);
  CHECK(got.request.client_data == sent.request.client_data);
  CHECK(got.request.user_verification == UserVerification::Preferred);
  CHECK(got.request.allowed.size() == 2 && got.request.allowed[0].id == some(64));
  CHECK(got.request.allowed[0].platform == some(300) && got.request.allowed[0].max_allow_list == 8);
  CHECK(got.request.timeout == sent.request.timeout && got.request.min_pin_tries == 3 &&
        got.request.read_tries_first);
}

void an_assertion_survives_the_trip() {
  const Assertion sent{some(20), some(37), some(70), "{}"};
  const wire::Event event = MUST(wire::decode_event(wire::encode(wire::Event(wire::Proved{sent}))));
  const Assertion &got = *std::get<wire::Proved>(event).assertion;
  CHECK(got.credential_id == sent.credential_id && got.authenticator_data == sent.authenticator_data);
  CHECK(got.signature == sent.signature && got.client_data == sent.client_data);
}

void holding_none_is_not_an_error() {
  const wire::Event event = MUST(wire::decode_event(wire::encode(wire::Event(wire::Proved{}))));
  CHECK(!std::get<wire::Proved>(event).assertion);
}

void an_error_keeps_its_kind_and_the_tries_left() {
  const Error sent{ErrorKind::PinWrong, "the key refused the PIN", 5};
  const wire::Event event = MUST(wire::decode_event(wire::encode(wire::Event(sent))));
  const auto &got = std::get<Error>(event);
  CHECK(got.kind == ErrorKind::PinWrong && got.tries_left == 5);
}

void a_text_that_would_play_tricks_on_a_terminal_is_not_shown() {
  const Error sent{ErrorKind::Io, "\x1b[2Jroot# "};
  const wire::Event event = MUST(wire::decode_event(wire::encode(wire::Event(sent))));
  CHECK(std::get<Error>(event).sentence == "(unprintable)");
}

void a_message_that_nests_too_deep_is_refused_before_it_is_built() {
  Bytes deep(100'000, 0x81);  // an array of one array of one array ...
  deep.back() = 0x80;
  CHECK(!wire::decode_event(deep));
  CHECK(!wire::decode_request(deep));
}

void oversized_parts_are_refused() {
  wire::Prove sent{Way::Usb, {std::string(5000, 'x'), ""}, {MUST(RpId::parse("host"))}};
  CHECK(!wire::decode_request(wire::encode(wire::Request(sent))));
  const Assertion big{some(20), some(17 * 1024), some(70), "{}"};
  CHECK(!wire::decode_event(wire::encode(wire::Event(wire::Proved{big}))));
}

void every_truncation_is_refused() {
  const Bytes whole = wire::encode(wire::Event(wire::Proved{Assertion{some(20), some(37), some(70), "{}"}}));
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK(!wire::decode_event(ByteView(whole).first(length)));
  Bytes longer = whole;
  longer.push_back(0);
  CHECK(!wire::decode_event(longer));
}

void random_damage_never_crashes() {
  const Bytes whole = wire::encode(wire::Event(wire::Proved{Assertion{some(20), some(37), some(70), "{}"}}));
  std::mt19937 random(20261121);  // NOLINT(cert-msc51-cpp): the same damage in every run
  for (int round = 0; round < 20'000; ++round) {
    Bytes damaged = whole;
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes)
      damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
    (void)wire::decode_event(damaged);
    (void)wire::decode_request(damaged);
  }
}

void descriptors_ride_along_and_a_closed_end_is_an_empty_message() {
  int pair[2] = {-1, -1};
  CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
  Fd ours(pair[0]);
  const Fd theirs(pair[1]);
  const Fd pin = MUST(to_memfd(MUST(Secret::parse("2468"))));
  MUST(wire::send(ours.get(), some(10), {pin.get()}));
  const auto received = MUST(wire::receive(theirs.get()));
  CHECK(received && received->message == some(10) && received->fds.size() == 1);
  CHECK(MUST(from_memfd(received->fds[0])).text() == "2468");
  ours.reset();
  const auto closed = MUST(wire::receive(theirs.get()));
  CHECK(closed && closed->message.empty());
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_request_survives_the_trip),
      TEST(an_assertion_survives_the_trip),
      TEST(holding_none_is_not_an_error),
      TEST(an_error_keeps_its_kind_and_the_tries_left),
      TEST(a_text_that_would_play_tricks_on_a_terminal_is_not_shown),
      TEST(a_message_that_nests_too_deep_is_refused_before_it_is_built),
      TEST(oversized_parts_are_refused),
      TEST(every_truncation_is_refused),
      TEST(random_damage_never_crashes),
      TEST(descriptors_ride_along_and_a_closed_end_is_an_empty_message),
  };
  return cmocka_run_group_tests_name("ceremony wire", tests, nullptr, nullptr);
}
