/// Looking at the key, asking for its PIN or a new one, and having it work.
#include "daemon/making.h"

#include "common/random.h"
#include "daemon/errand.h"
#include "daemon/questions.h"

namespace passkeyd {
namespace {

constexpr std::chrono::seconds kMachineTime{30};  ///< a slow TPM may take seconds to make a key

/// Looks at the key before the PIN is asked for, and lets go of it while the person types.
Task<Result<Preparation>> prepare_key(House &house, Face &face, const std::vector<KeyInfo> &keys,
                                      bool discoverable) {
  Result<KeyInfo> key = co_await choose_key(face, keys);
  if (!key) co_return key.error();
  wire::Request question = wire::DescribeKey{key.value()};
  Result<Returned<wire::KeyDescribed>> looked =
      co_await errand<wire::KeyDescribed>(house, std::move(question), key->path);
  if (!looked) co_return looked.error();
  const wire::KeyDescribed *described = &looked->value;
  Preparation place{Way::Usb, key.value(), {}, UserVerification::Required, described->has_uv};
  // A discoverable passkey names its owner, which a key tells only to whom it has verified.
  const UserVerification wanted =
      discoverable ? UserVerification::Required : house.config.general.user_verification;
  const bool can = described->has_pin || described->has_uv;
  if (!can && wanted == UserVerification::Required)
    co_return Error{ErrorKind::PinNotSet,
                    "user verification is required and the key has neither PIN nor sensor"};
  if (!can || wanted == UserVerification::Discouraged) {
    place.user_verification = UserVerification::Discouraged;
    // A key with a PIN needs it for every new credential, whatever the credential is for.
    if (!described->has_pin) co_return place;
  }
  if (described->has_uv) co_return place;
  Result<Fd> pin = co_await ask_hidden(face, message::kPinKey, key->name);
  if (!pin) co_return pin.error();
  place.secrets.push_back(std::move(pin).value());
  co_return place;
}

/// Whichever of the two the request means, or there is.
Task<Result<Preparation>> prepare(House &house, Face &face, EnrollmentRequest request) {
  if (request.way == Way::Tpm) co_return co_await prepare_tpm(house, face);
  Result<std::vector<KeyInfo>> keys = plugged_keys();
  if (!keys) co_return keys.error();
  const bool any = request.device.empty();
  if (!any)
    std::erase_if(keys.value(), [&](const KeyInfo &each) {
      return each.name != request.device && each.path != request.device;
    });
  if (!request.way && any && keys->empty() && !request.discoverable)
    co_return co_await prepare_tpm(house, face);
  co_return co_await prepare_key(house, face, keys.value(), request.discoverable);
}

}  // namespace

Task<Result<Preparation>> prepare_tpm(House &house, Face &face) {
  Preparation place{Way::Tpm, KeyInfo{house.config.tcti, "This computer"}, {}, UserVerification::Required};
  for (const char *message : {message::kNewPinPlatform, message::kRepeatPinPlatform}) {
    Result<Fd> pin = co_await ask_hidden(face, message, place.device.name);
    if (!pin) co_return pin.error();
    place.secrets.push_back(std::move(pin).value());
  }
  co_return place;
}

Task<Result<Registration>> registration(House &house, Face &face, Preparation place,
                                        RegistrationRequest asked) {
  Mailbox<News> news(house.loop);
  const std::string device = place.device.path;
  const std::chrono::milliseconds most = asked.timeout + kMachineTime;
  wire::Request request = wire::Enroll{place.way, place.device, std::move(asked)};
  const auto ceremony =
      house.ceremonies.start(std::move(request), device, std::move(place.secrets), news, 0, most);
  for (;;) {
    News latest = co_await news.next();
    if (!latest.event || !is_last(*latest.event)) {
      face.tell(cue_for(latest.event, place.device.name));
    } else if (auto *enrolled = std::get_if<wire::Enrolled>(&*latest.event)) {
      co_return std::move(enrolled->registration);
    } else if (auto *error = std::get_if<Error>(&*latest.event)) {
      co_return std::move(*error);
    } else {
      co_return Error{ErrorKind::Malformed, "the ceremony answered something else"};
    }
  }
}

Result<Bytes> random_handle() {
  return random_bytes(32);
}

Task<Result<Made>> make_here(House &house, Face &face, EnrollmentRequest request, Account account,
                             std::vector<Credential> others, std::string &device) {
  Result<Preparation> prepared = co_await prepare(house, face, request);
  if (!prepared) co_return prepared.error();
  Preparation place = std::move(prepared).value();
  const Way way = place.way;
  const bool sensor = place.sensor;
  device = place.device.name;
  Result<Challenge> challenge =
      Challenge::make(Ceremony::Create, house.rp_id, account, place.user_verification, house.clock.boot());
  if (!challenge) co_return challenge.error();
  Result<Bytes> handle = random_handle();
  if (!handle) co_return handle.error();
  RegistrationRequest asked{house.rp_id,        challenge->client_data(), place.user_verification,
                            account.name.str(), handle.value(),           {}};
  for (const Credential &each : others)
    if (each.state == CredentialState::Active && each.way == way && way == Way::Usb)
      asked.exclude.push_back(each.id);
  asked.timeout = house.config.general.touch_timeout;
  asked.min_pin_tries = house.config.general.min_key_retries;
  asked.discoverable = request.discoverable;

  Result<Registration> made = co_await registration(house, face, std::move(place), std::move(asked));
  if (!made) co_return made.error();
  Result<Provenance> provenance = Provenance{};
  const ProofIs proof_is =
      house.config.attestation == AttestationRule::Required ? ProofIs::Required : ProofIs::Wanted;
  if (way == Way::Tpm) provenance = co_await prove_platform(house, face, made.value(), proof_is);
  if (!provenance) co_return provenance.error();
  co_return Made{
      way,    std::move(made).value(),      std::move(challenge).value(), std::move(handle).value(),
      sensor, std::move(provenance).value()};
}

}  // namespace passkeyd
