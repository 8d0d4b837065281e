/// Dispatch, getInfo, reset, selection, and what the larger commands share.
#include "tests/softkey/authenticator.h"

#include <algorithm>

namespace passkeyd::softkey {

void Authenticator::power_on(Moment now) {
  one_.regenerate();
  two_.regenerate();
  token_.revoke();
  wrong_pins_in_a_row_ = 0;
  powered_at_ = now;
  next_assertion_ = nullptr;
  next_listed_ = nullptr;
}

Outcome Authenticator::handle(const Request &request) {
  // A list being read continues only with its own GetNext: any other command in between ends it.
  auto next_assertion = std::exchange(next_assertion_, nullptr);
  const bool manages = request.command == 0x0a || request.command == 0x41;
  if (!manages) next_listed_ = nullptr;
  switch (request.command) {
    case 0x01:
      return make_credential(request);
    case 0x02:
      return get_assertion(request);
    case 0x04:
      return get_info();
    case 0x06:
      return client_pin(request);
    case 0x07:
      return reset(request);
    case 0x08:
      refuse_if(!next_assertion, Ctap::NotAllowed);
      return next_assertion();
    case 0x0a:
    case 0x41:  // the same under the number it had in CTAP 2.1's drafts: libfido2 1.12 knows no other
      return manage_credentials(request);
    case 0x0b:
      return after_touch([](Moment) { return Outcome{}; });
    default:
      throw Refused{Ctap::InvalidCommand};
  }
}

Outcome Authenticator::get_info() const {
  Cbor::Map options = {{"rk", true},
                       {"up", true},
                       {"plat", false},
                       {"clientPin", has_pin()},
                       {"credMgmt", true},
                       {"credentialMgmtPreview", true},
                       {"pinUvAuthToken", true},
                       {"makeCredUvNotRqd", !model_.always_uv}};
  if (model_.sensor) options.emplace_back("uv", true);
  if (model_.always_uv) options.emplace_back("alwaysUv", true);

  Cbor::Array protocols, algorithms;
  for (const int number : model_.pin_protocols) protocols.emplace_back(number);
  for (const Algorithm one : model_.algorithms)
    algorithms.push_back(Cbor::Map{{"alg", static_cast<int>(one)}, {"type", "public-key"}});
  const std::size_t residents = storage_.state.residents.size();
  const auto room = static_cast<std::size_t>(knobs_.settings.max_resident);

  return {Cbor::Map{
      {0x01, Cbor::Array{"FIDO_2_0", "FIDO_2_1"}},
      {0x02, Cbor::Array{"credProtect", "hmac-secret"}},
      {0x03, aaguid()},
      {0x04, options},
      {0x05, knobs_.settings.max_msg_size},
      {0x06, protocols},
      {0x07, knobs_.settings.max_list},
      {0x08, kCredentialIdBytes},
      {0x09, Cbor::Array{"usb"}},
      {0x0a, algorithms},
      {0x0d, 4},
      {0x0e, kFirmwareVersion},
      {0x14, room - std::min(room, residents)},
  }};
}

Outcome Authenticator::reset(const Request &request) {
  const int window = knobs_.settings.reset_window;
  refuse_if(window != 0 && request.now - powered_at_ > Moment(window), Ctap::NotAllowed);
  return after_touch([this](Moment now) {
    storage_.state = State();
    storage_.save();
    const Moment powered_at = powered_at_;
    power_on(now);
    powered_at_ = powered_at;
    return Outcome{};
  });
}

Bytes Authenticator::aaguid() const {
  const Bytes &claimed = knobs_.attesting.aaguid;
  return claimed.empty() ? Bytes(std::begin(kAaguid), std::end(kAaguid)) : claimed;
}

Outcome Authenticator::after_touch(Then then) {
  return {
      {}, Consent::Touch, std::move(then), [](Moment) -> Outcome { throw Refused{Ctap::OperationDenied}; }};
}

Outcome Authenticator::after_sensor(Then then) {
  refuse_if(storage_.state.uv_tries == 0, Ctap::UvBlocked);
  auto known = [this, then = std::move(then)](Moment now) {
    storage_.state.uv_tries = State::kUvTries;
    storage_.save();
    return then(now);
  };
  auto unknown = [this](Moment) -> Outcome {
    --storage_.state.uv_tries;
    storage_.save();
    throw Refused{storage_.state.uv_tries == 0 ? Ctap::UvBlocked : Ctap::UvInvalid};
  };
  return {{}, Consent::Sensor, std::move(known), std::move(unknown)};
}

void Authenticator::check_token(const Request &request, const Bytes &param, int protocol_key,
                                ByteView message, Permission permission, const std::string &rp_id) {
  const PinProtocol &protocol = protocol_of(request.parameters, protocol_key);
  refuse_if(!protocol.verify(token_.bytes(), message, param), Ctap::PinAuthInvalid);
  refuse_if(!token_.permits(permission, rp_id, request.now), Ctap::PinAuthInvalid);
}

Outcome Authenticator::after_verification(const Request &request, int param_key, ByteView client_data_hash,
                                          Permission permission, const std::string &rp_id,
                                          std::function<Outcome(bool verified)> then) {
  if (const Bytes *param = member::find_bytes(request.parameters, param_key)) {
    // An empty one is a platform asking "are you the key they mean?" (CTAP 2.1, 6.1.2 step 1).
    if (param->empty())
      return after_touch(
          [this](Moment) -> Outcome { throw Refused{has_pin() ? Ctap::PinInvalid : Ctap::PinNotSet}; });
    check_token(request, *param, param_key + 1, client_data_hash, permission, rp_id);
    return then(true);
  }
  const bool uv =
      member::option(request.parameters, permission == kMakeCredential ? 7 : 5, "uv").value_or(false);
  if (uv) {
    refuse_if(!model_.sensor, Ctap::InvalidOption);
    return after_sensor([then = std::move(then)](Moment) { return then(true); });
  }
  return then(false);
}

Bytes Authenticator::authenticator_data(const Faults &faults, std::string_view rp_id, std::uint8_t flags,
                                        ByteView attested, Cbor::Map extensions) {
  const std::uint32_t counter = ++storage_.state.counter;
  storage_.save();
  const auto back = static_cast<std::uint32_t>(faults.counter_rollback);
  const std::uint32_t shown = back == 0 ? counter : counter > back ? counter - back : 1;

  if (faults.extra_extension) extensions.emplace_back("nobodyAskedForThis", true);
  if (faults.no_up) flags &= static_cast<std::uint8_t>(~flag::kUp);
  if (faults.no_uv) flags &= static_cast<std::uint8_t>(~flag::kUv);
  if (!attested.empty()) flags |= flag::kAttested;
  if (!extensions.empty()) flags |= flag::kExtensions;

  Bytes out = sha256(bytes_of(faults.wrong_rp_id_hash ? std::string_view("elsewhere.invalid") : rp_id));
  out.push_back(flags);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(shown >> shift));
  out.insert(out.end(), attested.begin(), attested.end());
  if (!extensions.empty()) {
    const Bytes encoded = Cbor(std::move(extensions)).encode();
    out.insert(out.end(), encoded.begin(), encoded.end());
  }
  return out;
}

}  // namespace passkeyd::softkey
