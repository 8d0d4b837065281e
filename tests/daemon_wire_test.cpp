/// What a ceremony is asked and what it says survives the trip, descriptors included. What else might come is
/// in daemon_hostile_wire_test.cpp.
#include <sys/socket.h>

#include <cstring>

#include "tests/wire_samples.h"

#include "tests/check.h"  // last: CMocka defines words that <ios> uses

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

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
  const Assertion sent{some(20), some(37), some(70), "{}", some(64)};
  const wire::Event event = MUST(wire::decode_event(wire::encode(wire::Event(wire::Proved{sent}))));
  const Assertion &got = *std::get<wire::Proved>(event).assertion;
  CHECK(got.credential_id == sent.credential_id && got.authenticator_data == sent.authenticator_data);
  CHECK(got.signature == sent.signature && got.client_data == sent.client_data);
  CHECK(got.user_handle == sent.user_handle);
}

void the_new_requests_survive_the_trip() {
  const KeyInfo key{"/dev/hidraw3", "Blue key", 0x1050, 0x407};
  const wire::Request first = MUST(wire::decode_request(wire::encode(
      wire::Request(wire::Discover{key, "host.example", "{}", std::chrono::milliseconds(1234), 5}))));
  const auto &discover = std::get<wire::Discover>(first);
  CHECK(discover.device.path == key.path && discover.device.vendor_id == key.vendor_id &&
        discover.rp_id == "host.example" && discover.client_data == "{}");
  CHECK(discover.timeout.count() == 1234 && discover.min_pin_tries == 5);
  const wire::Request second =
      MUST(wire::decode_request(wire::encode(wire::Request(wire::ChangePin{"swtpm:path=/x", some(300)}))));
  const auto &change = std::get<wire::ChangePin>(second);
  CHECK(change.tcti == "swtpm:path=/x" && change.platform == some(300));
  const wire::Request third =
      MUST(wire::decode_request(wire::encode(wire::Request(wire::CheckCode{{code_hash(4)}}))));
  CHECK(std::get<wire::CheckCode>(third).codes == std::vector{code_hash(4)});
  for (const bool wanted : {true, false}) {
    wire::Enroll enroll{Way::Usb, key, {MUST(RpId::parse("host"))}};
    enroll.request.discoverable = wanted;
    const wire::Request fourth = MUST(wire::decode_request(wire::encode(wire::Request(enroll))));
    CHECK(std::get<wire::Enroll>(fourth).request.discoverable == wanted);
  }
}

void the_new_events_survive_the_trip() {
  const Assertion one{some(20), some(37), some(70), "{}", some(9)},
      other{some(21), some(38), some(71), "{ }"};
  const wire::Event first =
      MUST(wire::decode_event(wire::encode(wire::Event(wire::Discovered{{one, other}}))));
  const auto &found = std::get<wire::Discovered>(first).assertions;
  CHECK(found.size() == 2 && found[0].credential_id == one.credential_id && found[0].user_handle == some(9));
  CHECK(found[1].signature == some(71) && found[1].client_data == "{ }" && found[1].user_handle.empty());
  const wire::Event second = MUST(wire::decode_event(wire::encode(wire::Event(wire::PinChanged{some(300)}))));
  CHECK(std::get<wire::PinChanged>(second).platform == some(300));
  const wire::Event third =
      MUST(wire::decode_event(wire::encode(wire::Event(wire::CodesMade{{code_hash(2), code_hash(1)}}))));
  CHECK((std::get<wire::CodesMade>(third).hashes == std::vector{code_hash(2), code_hash(1)}));
  for (const std::optional<int> number : {std::optional<int>(), std::optional(7)}) {
    const wire::Event last = MUST(wire::decode_event(wire::encode(wire::Event(wire::CodeChecked{number}))));
    CHECK(std::get<wire::CodeChecked>(last).number == number);
  }
}

void what_an_agent_is_asked_and_says_survives_the_trip() {
  const std::chrono::milliseconds time(1234);
  const wire::Request first = MUST(
      wire::decode_request(wire::encode(wire::Request(wire::ListAgentKeys{{some(32), some(31)}, time}))));
  const auto &list = std::get<wire::ListAgentKeys>(first);
  CHECK((list.hashes == std::vector{some(32), some(31)}) && list.timeout == time);
  const wire::Request second =
      MUST(wire::decode_request(wire::encode(wire::Request(wire::SignByAgent{some(74), some(116), time}))));
  const auto &sign = std::get<wire::SignByAgent>(second);
  CHECK(sign.key == some(74) && sign.text == some(116) && sign.timeout == time);
  const wire::Event third =
      MUST(wire::decode_event(wire::encode(wire::Event(wire::AgentKeysListed{{some(32)}}))));
  CHECK(std::get<wire::AgentKeysListed>(third).hashes == std::vector<Bytes>{some(32)});
  const wire::Event last = MUST(wire::decode_event(wire::encode(wire::Event(wire::AgentSigned{some(120)}))));
  CHECK(std::get<wire::AgentSigned>(last).signature == some(120));
}

void a_proof_of_a_tpm_survives_the_trip() {
  Registration sent{"packed", some(200), some(80), "{}", "TPM", 8, some(300)};
  sent.proof = PlatformProof{some(88),   some(87), some(150), some(70), EndorsementKind::EccP384High,
                             some(1000), some(65), "why"};
  const wire::Event event = MUST(wire::decode_event(wire::encode(wire::Event(wire::Enrolled{sent}))));
  const PlatformProof &got = std::get<wire::Enrolled>(event).registration.proof.value();
  CHECK(got.key == some(88) && got.witness == some(87) && got.statement == some(150) &&
        got.signature == some(70));
  CHECK(got.endorsement == EndorsementKind::EccP384High && got.certificate == some(1000) &&
        got.point == some(65) && got.problem == "why");
  sent.proof.reset();
  const wire::Event without = MUST(wire::decode_event(wire::encode(wire::Event(wire::Enrolled{sent}))));
  CHECK(!std::get<wire::Enrolled>(without).registration.proof);
}

void an_examination_survives_the_trip() {
  const wire::TpmExamined sent{"IBM", "SW TPM", "1.2.3.4", true,  false, true, false, true, 1,
                               32,    600,      86400,     "fit", 5,     2,    3,     4};
  const auto got = std::get<wire::TpmExamined>(MUST(wire::decode_event(wire::encode(wire::Event(sent)))));
  CHECK(got.maker == "IBM" && got.vendor == "SW TPM" && got.firmware == "1.2.3.4" && got.root_key == "fit");
  CHECK(got.software && !got.owner_auth_set && got.endorsement_auth_set && !got.lockout_auth_set &&
        got.in_lockout);
  CHECK(got.counter == 1 && got.max_tries == 32 && got.interval == 600 && got.recovery == 86400);
  CHECK(got.loads == 5 && got.parent_changed == 2 && got.foreign == 3 && got.broken == 4);
}

void no_more_platform_keys_are_looked_at_than_a_message_may_name() {
  const wire::ExamineTpm most{"device:/dev/tpm0", std::vector<Bytes>(wire::kMaxPlatforms, some(9))};
  CHECK(wire::decode_request(wire::encode(wire::Request(most))));
  const wire::ExamineTpm more{"device:/dev/tpm0", std::vector<Bytes>(wire::kMaxPlatforms + 1, some(9))};
  CHECK(!wire::decode_request(wire::encode(wire::Request(more))));
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

void a_message_brings_at_most_three_descriptors() {
  int pair[2] = {-1, -1};
  CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
  const Fd ours(pair[0]), theirs(pair[1]);
  const std::vector<int> three(wire::kMaxFds, ours.get()), four(wire::kMaxFds + 1, ours.get());
  MUST(wire::send(ours.get(), some(10), three));
  CHECK(MUST(wire::receive(theirs.get()))->fds.size() == 3);
  CHECK(!wire::send(ours.get(), some(10), four));
  // What another program sends is not bounded by our send().
  std::uint8_t byte = 1;
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 4)] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  cmsghdr *rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int) * 4);
  std::memcpy(CMSG_DATA(rights), four.data(), sizeof(int) * 4);
  CHECK(sendmsg(ours.get(), &header, 0) == 1);
  CHECK(!wire::receive(theirs.get()));
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
      TEST(what_an_agent_is_asked_and_says_survives_the_trip),
      TEST(a_proof_of_a_tpm_survives_the_trip),
      TEST(an_examination_survives_the_trip),
      TEST(no_more_platform_keys_are_looked_at_than_a_message_may_name),
      TEST(holding_none_is_not_an_error),
      TEST(an_error_keeps_its_kind_and_the_tries_left),
      TEST(a_text_that_would_play_tricks_on_a_terminal_is_not_shown),
      TEST(the_new_requests_survive_the_trip),
      TEST(the_new_events_survive_the_trip),
      TEST(a_message_brings_at_most_three_descriptors),
      TEST(descriptors_ride_along_and_a_closed_end_is_an_empty_message),
  };
  return cmocka_run_group_tests_name("ceremony wire", tests, nullptr, nullptr);
}
