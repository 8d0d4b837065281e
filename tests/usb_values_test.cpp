/// usb/ without a key: names, PINs, lists, frames and status codes are plain values.
#include <fido/err.h>

#include "common/account.h"
#include "usb/allow_list.h"
#include "usb/errors.h"
#include "usb/frame.h"
#include "usb/keys.h"
#include "usb/pin.h"

#include "tests/check.h"  // last: CMocka defines words that <ios> uses

using namespace passkeyd;

namespace {

bool can_be_a_pin(std::string_view text) {
  return bool(check_pin(MUST(Secret::parse(text))));
}

void a_name_repeats_nothing_and_is_never_empty() {
  CHECK(key_name("Yubico", "YubiKey OTP+FIDO+CCID") == "Yubico YubiKey OTP+FIDO+CCID");
  CHECK(key_name("Nitrokey", "Nitrokey 3") == "Nitrokey 3");
  CHECK(key_name("", "Solo 4") == "Solo 4");
  CHECK(key_name("Feitian", "") == "Feitian");
  CHECK(key_name("", "") == "security key");
  CHECK(key_name(" \t\n", "  ") == "security key");
}

void hostile_device_strings_are_made_printable() {
  CHECK(key_name("\x1b[2J", "key\r\npassword:") == "?[2J key password:");
  CHECK(key_name("a\xff\xfe", "b\xc3") == "a?? b?");
  CHECK(key_name("Z\xc3\xbcrich", "\xe2\x82\xac") == "Z\xc3\xbcrich \xe2\x82\xac");
  CHECK(key_name("", "evil\xe2\x80\xaetxt.exe") == "evil???txt.exe");
  for (const std::string &long_one :
       {std::string(5000, 'x'), std::string(5000, '\xff'), std::string(63, 'x') + "\xc3\xbc"}) {
    const std::string name = key_name(long_one, long_one + "y");
    CHECK(is_printable(name));
    CHECK(name.size() <= kMaxKeyName);
    CHECK(name.size() >= kMaxKeyName - 1);
  }
}

void what_cannot_be_a_pin_is_refused() {
  CHECK(can_be_a_pin("1234"));
  CHECK(can_be_a_pin(std::string(63, '1')));
  CHECK(can_be_a_pin("gr\xc3\xbc\xc3\x9f"));
  for (const std::string &bad :
       {std::string(), std::string("1"), std::string("123"), std::string(64, '1'), std::string("12\xff\xfe")})
    CHECK(!can_be_a_pin(bad));
  const Result<Secret> long_one = Secret::parse(std::string(64, '1'));
  CHECK(check_pin(long_one.value()).error().kind == ErrorKind::PinInvalid);
}

IdList ids_of(const std::vector<Bytes> &owned) {
  return {owned.begin(), owned.end()};
}

void a_list_is_cut_to_what_the_key_takes() {
  const std::vector<Bytes> owned(20, Bytes(64, 7));
  const IdList ids = ids_of(owned);
  CHECK(cut({}, 8, 900).empty());
  CHECK(cut(ids, 8, 900).size() == 3);
  CHECK(cut(ids, 20, 100'000).size() == 1);
  CHECK(cut(ids, 1, 900).size() == 20);
  CHECK(cut(ids, 0, 900).front().size() == kUnstatedAllowList);
  CHECK(cut(ids, 20, 2 * (64 + 23)).size() == 10);
  CHECK(cut(ids, 20, 1).size() == 20);  // nothing fits: one at a time, never none
  std::size_t total = 0;
  for (const IdList &list : cut(ids, 3, 900)) total += list.size();
  CHECK(total == 20);
}

void eight_ids_of_the_usual_size_fit_one_message() {
  const std::vector<Bytes> owned(8, Bytes(64, 7));
  CHECK(cut(ids_of(owned), 8, assertion_room(std::size_t(200))).size() == 1);
  CHECK(assertion_room(5000) == 0);
  CHECK(registration_room(5000) == 0);
}

struct Expected {
  int code;
  ErrorKind kind;
};

void every_status_the_facts_name_has_its_kind() {
  for (const auto &[code, kind] : {
           Expected{0x05, ErrorKind::Timeout},
           Expected{0x06, ErrorKind::Busy},
           Expected{0x19, ErrorKind::AlreadyExists},
           Expected{0x26, ErrorKind::Unsupported},
           Expected{0x27, ErrorKind::TouchRefused},
           Expected{0x2d, ErrorKind::Cancelled},
           Expected{0x2e, ErrorKind::NoCredential},
           Expected{0x2f, ErrorKind::TouchRefused},
           Expected{0x31, ErrorKind::PinWrong},
           Expected{0x32, ErrorKind::PinBlocked},
           Expected{0x34, ErrorKind::PinSoftBlocked},
           Expected{0x35, ErrorKind::PinNotSet},
           Expected{0x36, ErrorKind::PinRequired},
           Expected{0x3a, ErrorKind::TouchRefused},
           Expected{0x3c, ErrorKind::UvBlocked},
           Expected{0x3f, ErrorKind::UvFailed},
           Expected{FIDO_ERR_RX, ErrorKind::Malformed},
           Expected{FIDO_ERR_RX_NOT_CBOR, ErrorKind::Malformed},
           Expected{FIDO_ERR_RX_INVALID_CBOR, ErrorKind::Malformed},
       }) {
    CHECK(error_of(code).kind == kind);
    CHECK(!error_of(code).sentence.empty());
  }
}

void an_unknown_status_is_named_by_its_number() {
  CHECK(error_of(0x99).kind == ErrorKind::Internal);
  CHECK(error_of(0x99).sentence.find("0x99") != std::string::npos);
  CHECK(error_of(-77).sentence.find("-77") != std::string::npos);
}

void no_pin_trouble_is_taken_for_a_wrong_pin() {
  for (int code = 0; code < 256; ++code)
    if (code != FIDO_ERR_PIN_INVALID) CHECK(error_of(code).kind != ErrorKind::PinWrong);
}

void the_wire_knows_which_commands_need_a_person() {
  const auto asks = [](Bytes payload) {
    payload.resize(57);
    return asks_of(payload);
  };
  CHECK(asks({0x01, 0xa4}) == Asks::Consent);
  CHECK(asks({0x02, 0xa4}) == Asks::Consent);
  CHECK(asks({0x04}) == Asks::Nothing);
  CHECK(asks({0x06, 0xa2, 0x01, 0x02, 0x02, 0x01}) == Asks::Nothing);    // PIN tries
  CHECK(asks({0x06, 0xa2, 0x01, 0x02, 0x02, 0x02}) == Asks::Nothing);    // key agreement
  CHECK(asks({0x06, 0xa6, 0x01, 0x02, 0x02, 0x09}) == Asks::Nothing);    // token by PIN
  CHECK(asks({0x06, 0xa5, 0x01, 0x02, 0x02, 0x06}) == Asks::SensorPin);  // token by sensor
  CHECK(asks_of({}) == Asks::Nothing);
}

Frame frame_of(std::uint32_t channel, std::uint8_t command, std::uint8_t first_byte) {
  Frame frame = cancel_frame(channel);
  frame[4] = static_cast<std::uint8_t>(0x80 | command);
  frame[7] = first_byte;
  return frame;
}

void what_the_key_says_to_other_programs_passes_by() {
  const Nonce nonce = {1, 0, 0, 0, 0, 0, 0, 0};
  CHECK(answers(frame_of(5, hid::kCbor, 0), 5, nonce));
  CHECK(answers(frame_of(5, hid::kInit, 9), 5, nonce));
  CHECK(!answers(frame_of(6, hid::kCbor, 0), 5, nonce));
  CHECK(!answers(frame_of(kBroadcast, hid::kInit, 1), 5, nonce));
  CHECK(answers(frame_of(kBroadcast, hid::kInit, 1), kBroadcast, nonce));
  CHECK(!answers(frame_of(kBroadcast, hid::kInit, 2), kBroadcast, nonce));  // another program's
  CHECK(answers(frame_of(kBroadcast, hid::kError, 6), kBroadcast, nonce));
}

void a_cancel_frame_stays_on_its_channel() {
  const Frame frame = cancel_frame(0x01020304);
  CHECK(channel_of(frame) == 0x01020304);
  CHECK(command_of(frame) == hid::kCancel);
  CHECK(payload_of(frame)[0] == 0);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_name_repeats_nothing_and_is_never_empty),
      TEST(hostile_device_strings_are_made_printable),
      TEST(what_cannot_be_a_pin_is_refused),
      TEST(a_list_is_cut_to_what_the_key_takes),
      TEST(eight_ids_of_the_usual_size_fit_one_message),
      TEST(every_status_the_facts_name_has_its_kind),
      TEST(an_unknown_status_is_named_by_its_number),
      TEST(no_pin_trouble_is_taken_for_a_wrong_pin),
      TEST(the_wire_knows_which_commands_need_a_person),
      TEST(what_the_key_says_to_other_programs_passes_by),
      TEST(a_cancel_frame_stays_on_its_channel),
  };
  return cmocka_run_group_tests_name("usb values", tests, nullptr, nullptr);
}
