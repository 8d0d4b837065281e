/// authenticatorClientPIN (CTAP 2.1, section 6.5): PINs, their tries, and the tokens they buy.
#include <algorithm>

#include "tests/softkey/authenticator.h"

namespace passkeyd::softkey {
namespace {

constexpr int kWrongInARow = 3;      // then the key wants to be unplugged
constexpr std::size_t kMinPin = 4;   // code points
constexpr std::size_t kMaxPin = 63;  // bytes
constexpr std::size_t kPaddedPin = 64;

enum Subcommand {
  kGetPinRetries = 1,
  kGetKeyAgreement = 2,
  kSetPin = 3,
  kChangePin = 4,
  kGetPinToken = 5,
  kTokenUsingUv = 6,
  kGetUvRetries = 7,
  kTokenUsingPin = 9,
};

Bytes joined(const Bytes &a, const Bytes &b) {
  Bytes out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

Bytes need_shared(const Request &request, const PinProtocol &protocol) {
  const auto shared = protocol.shared_secret(member::need_map(request.parameters, 3));
  refuse_if(!shared, Ctap::InvalidParameter);
  return *shared;
}

/// What the token may do. getPinToken knows no permissions: its tokens make and assert, for the first relying
/// party they are used with.
int permissions_asked(const Request &request) {
  const auto asked = member::find_number(request.parameters, 9);
  if (!asked) return kMakeCredential | kGetAssertion;
  refuse_if(*asked == 0, Ctap::InvalidParameter);
  refuse_if((*asked & ~(kMakeCredential | kGetAssertion | kManageCredentials)) != 0,
            Ctap::UnauthorizedPermission);
  const bool needs_rp = (*asked & (kMakeCredential | kGetAssertion)) != 0;
  refuse_if(needs_rp && !member::find_text(request.parameters, 10), Ctap::MissingParameter);
  return *asked;
}

}  // namespace

PinProtocol &Authenticator::protocol_of(const Cbor &map, int key) {
  const int number = member::need_number(map, key);
  const auto &ours = model_.pin_protocols;
  refuse_if(std::find(ours.begin(), ours.end(), number) == ours.end(), Ctap::InvalidParameter);
  return number == 1 ? one_ : two_;
}

Outcome Authenticator::client_pin(const Request &request) {
  const Cbor &map = request.parameters;
  const auto protocol = [&]() -> PinProtocol & { return protocol_of(map, 1); };
  switch (member::need_number(map, 2)) {
    case kGetPinRetries:
      return {Cbor::Map{{3, storage_.state.pin_tries}, {4, wrong_pins_in_a_row_ >= kWrongInARow}}};
    case kGetUvRetries:
      refuse_if(!model_.sensor, Ctap::InvalidParameter);
      return {Cbor::Map{{5, storage_.state.uv_tries}}};
    case kGetKeyAgreement:
      return {Cbor::Map{{1, protocol().public_key()}}};
    case kSetPin:
      return set_pin(request, protocol());
    case kChangePin:
      return change_pin(request, protocol());
    case kGetPinToken:
      refuse_if(member::find(map, 9) || member::find(map, 10), Ctap::InvalidParameter);
      return token_by_pin(request, protocol());
    case kTokenUsingPin:
      member::need_number(map, 9);
      return token_by_pin(request, protocol());
    case kTokenUsingUv:
      member::need_number(map, 9);
      return token_by_sensor(request, protocol());
    default:
      throw Refused{Ctap::InvalidParameter};
  }
}

Outcome Authenticator::set_pin(const Request &request, PinProtocol &protocol) {
  refuse_if(has_pin(), Ctap::PinAuthInvalid);
  const Bytes &pin = member::need_bytes(request.parameters, 5);
  const Bytes &param = member::need_bytes(request.parameters, 4);
  const Bytes shared = need_shared(request, protocol);
  refuse_if(!protocol.verify(shared, pin, param), Ctap::PinAuthInvalid);
  store_new_pin(protocol, shared, pin);
  return {};
}

Outcome Authenticator::change_pin(const Request &request, PinProtocol &protocol) {
  refuse_if(!has_pin(), Ctap::PinNotSet);
  const Bytes &pin = member::need_bytes(request.parameters, 5);
  const Bytes &hash = member::need_bytes(request.parameters, 6);
  const Bytes &param = member::need_bytes(request.parameters, 4);
  const Bytes shared = need_shared(request, protocol);
  refuse_if(!protocol.verify(shared, joined(pin, hash), param), Ctap::PinAuthInvalid);
  check_pin(request, protocol, shared);
  store_new_pin(protocol, shared, pin);
  token_.revoke();
  return {};
}

void Authenticator::check_pin(const Request &request, PinProtocol &protocol, ByteView shared) {
  State &state = storage_.state;
  refuse_if(state.pin_tries == 0 || request.faults.pin_blocked, Ctap::PinBlocked);
  refuse_if(wrong_pins_in_a_row_ >= kWrongInARow, Ctap::PinAuthBlocked);
  const auto hash = protocol.decrypt(shared, member::need_bytes(request.parameters, 6));

  // The try is spent, on disk, before anybody learns whether it was right.
  --state.pin_tries;
  storage_.save();
  if (!hash || !same(*hash, state.pin_hash)) {
    protocol.regenerate();
    ++wrong_pins_in_a_row_;
    refuse_if(state.pin_tries == 0, Ctap::PinBlocked);
    refuse_if(wrong_pins_in_a_row_ >= kWrongInARow, Ctap::PinAuthBlocked);
    throw Refused{Ctap::PinInvalid};
  }
  state.pin_tries = State::kPinTries;
  state.uv_tries = State::kUvTries;
  wrong_pins_in_a_row_ = 0;
  storage_.save();
}

void Authenticator::store_new_pin(const PinProtocol &protocol, ByteView shared, ByteView encrypted) {
  auto padded = protocol.decrypt(shared, encrypted);
  refuse_if(!padded || padded->size() != kPaddedPin, Ctap::InvalidParameter);
  while (!padded->empty() && padded->back() == 0) padded->pop_back();
  const std::string_view pin(reinterpret_cast<const char *>(padded->data()), padded->size());
  const auto starts_character = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; };
  const auto length = std::count_if(pin.begin(), pin.end(), starts_character);
  refuse_if(static_cast<std::size_t>(length) < kMinPin || pin.size() > kMaxPin, Ctap::PinPolicyViolation);
  storage_.state.set_pin(pin);
  storage_.save();
}

Outcome Authenticator::token_by_pin(const Request &request, PinProtocol &protocol) {
  refuse_if(!has_pin(), Ctap::PinNotSet);
  permissions_asked(request);  // before a try is spent
  const Bytes shared = need_shared(request, protocol);
  check_pin(request, protocol, shared);
  return hand_out_token(request, protocol, shared, request.now);
}

Outcome Authenticator::token_by_sensor(const Request &request, PinProtocol &protocol) {
  refuse_if(!model_.sensor, Ctap::NotAllowed);
  permissions_asked(request);
  const Bytes shared = need_shared(request, protocol);
  return after_sensor([this, request, &protocol, shared](Moment now) {
    return hand_out_token(request, protocol, shared, now);
  });
}

Outcome Authenticator::hand_out_token(const Request &request, const PinProtocol &protocol,
                                      const Bytes &shared, Moment now) {
  const std::string *rp_id = member::find_text(request.parameters, 10);
  token_.issue(permissions_asked(request), rp_id ? std::optional(*rp_id) : std::nullopt, now);
  return {Cbor::Map{{2, protocol.encrypt(shared, token_.bytes())}}};
}

}  // namespace passkeyd::softkey
