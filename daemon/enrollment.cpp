/// The story of adding a passkey.
#include "daemon/enrollment.h"

#include <algorithm>
#include <array>

#include <sys/random.h>

#include "common/log.h"
#include "daemon/errand.h"
#include "daemon/models.h"
#include "daemon/policy.h"
#include "daemon/questions.h"
#include "usb/keys.h"
#include "webauthn/verify.h"

namespace passkeyd {
namespace {

constexpr std::chrono::seconds kMachineTime{30};  ///< a slow TPM may take seconds to make a key

/// What the enrollment will be made with.
struct Preparation {
  Way way;
  KeyInfo device;  ///< for tpm: the TCTI string and what people call it
  std::vector<Fd> secrets;
  UserVerification user_verification;
  bool sensor = false;
};

bool is_active(const Credential &credential) {
  return credential.state == CredentialState::Active;
}

Task<Result<Preparation>> prepare_tpm(House &house, Face &face) {
  Preparation place{Way::Tpm, KeyInfo{house.config.tcti, "This computer"}, {}, UserVerification::Required};
  for (const char *message : {message::kNewPinPlatform, message::kRepeatPinPlatform}) {
    Result<Fd> pin = co_await ask_hidden(face, message, place.device.name);
    if (!pin) co_return pin.error();
    place.secrets.push_back(std::move(pin).value());
  }
  co_return place;
}

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

Task<Result<Preparation>> prepare(House &house, Face &face, std::optional<Way> way, bool discoverable) {
  if (way == Way::Tpm) co_return co_await prepare_tpm(house, face);
  const Result<std::vector<KeyInfo>> keys = plugged_keys();
  if (!keys) co_return keys.error();
  if (!way && keys->empty() && !discoverable) co_return co_await prepare_tpm(house, face);
  co_return co_await prepare_key(house, face, keys.value(), discoverable);
}

Result<Bytes> random_handle() {
  Bytes handle(32);
  if (getrandom(handle.data(), handle.size(), 0) != static_cast<ssize_t>(handle.size()))
    return Error{ErrorKind::Internal, "the system's random source failed"};
  return handle;
}

/// Has the authenticator make a credential; passes its cues on.
Task<Result<Registration>> registration(House &house, Face &face, Preparation place,
                                        const RegistrationRequest &asked) {
  Mailbox<News> news(house.loop);
  const std::string device = place.device.path;
  wire::Request request = wire::Enroll{place.way, place.device, asked};
  const auto ceremony = house.ceremonies.start(std::move(request), device, std::move(place.secrets), news, 0,
                                               asked.timeout + kMachineTime);
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

/// A name nobody of this account's active passkeys has: the wanted one, or with a number behind it.
std::string free_name(const std::string &wanted, const std::vector<Credential> &others) {
  const auto taken = [&](const std::string &name) {
    return std::any_of(others.begin(), others.end(),
                       [&](const Credential &each) { return is_active(each) && each.name == name; });
  };
  std::string name = wanted;
  for (int number = 2; taken(name); ++number) name = wanted + " " + std::to_string(number);
  return name;
}

Result<Credential> store(House &house, const EnrollmentRequest &request, const Preparation &place,
                         Challenge challenge, const Registration &made, const Bytes &user_handle,
                         const std::vector<Credential> &others) {
  Credential credential = TRY(verify_registration(std::move(challenge), made, house.clock.boot()));
  if (place.way == Way::Usb && !accepts(house.config.general, credential.aaguid))
    return Error{ErrorKind::ModelRefused, "accepted_aaguids does not name this model of key"};
  credential.way = place.way;
  TRY(judge_model(house, credential));
  if (place.way == Way::Usb) credential.user_handle = user_handle;
  credential.discoverable = request.discoverable;
  credential.state = CredentialState::Active;
  credential.built_in_uv = place.sensor && credential.user_verification;
  credential.name = request.name.empty() ? free_name(place.device.name, others) : request.name;
  return house.ledger.add(credential, Actor{request.caller.uid, request.caller.pid, "enrollment"},
                          house.clock.wall());
}

}  // namespace

Task<void> tell_enrollment(House &house, Face &face, EnrollmentRequest request) {
  const auto fail = [&](const Error &error) {
    log_line(LogLevel::Notice, "enrollment for " + request.user.str() + ": " +
                                   std::string(name_of(error.kind)) + ", " + log_safe(error.sentence));
    face.finish(say_error(Step::Unavailable, error));
  };
  const Result<Account> account = co_await look_up(house, request.user);
  if (!account) co_return fail(account.error());
  request.user = account->name;
  const Result<Credentials> stored = house.ledger.credentials_of(request.user);
  if (!stored) co_return fail(stored.error());

  Result<Preparation> prepared = co_await prepare(house, face, request.way, request.discoverable);
  if (!prepared) co_return fail(prepared.error());
  Preparation place = std::move(prepared).value();
  Result<Challenge> challenge = Challenge::make(Ceremony::Create, house.rp_id, account.value(),
                                                place.user_verification, house.clock.boot());
  if (!challenge) co_return fail(challenge.error());
  Result<Bytes> handle = random_handle();
  if (!handle) co_return fail(handle.error());
  RegistrationRequest asked{house.rp_id,        challenge->client_data(),  place.user_verification,
                            request.user.str(), std::move(handle).value(), {}};
  for (const Credential &each : stored->rows)
    if (is_active(each) && each.way == place.way && each.way == Way::Usb) asked.exclude.push_back(each.id);
  asked.timeout = house.config.general.touch_timeout;
  asked.min_pin_tries = house.config.general.min_key_retries;
  asked.discoverable = request.discoverable;

  Preparation for_device{place.way, place.device, std::move(place.secrets), place.user_verification,
                         place.sensor};
  const Result<Registration> made = co_await registration(house, face, std::move(for_device), asked);
  if (!made) co_return fail(made.error());
  const Result<Credential> added = store(house, request, place, std::move(challenge).value(), made.value(),
                                         asked.user_handle, stored->rows);
  if (!added) co_return fail(added.error());
  const Result<std::vector<CodeHash>> codes = house.ledger.unspent_codes(account.value());
  log_line(LogLevel::Notice,
           "enrolled a passkey (" + std::string(name_of(added->way)) + ") for " + request.user.str());
  Say done = Say(Step::Granted, message::kEnrolled)
                 .with(detail::kName, added->name)
                 .with(detail::kDevice, place.device.name)
                 .with(detail::kCredential, short_id(added->id));
  if (codes) done.details[detail::kCodesLeft] = static_cast<std::uint32_t>(codes->size());
  face.finish(std::move(done));
}

}  // namespace passkeyd
