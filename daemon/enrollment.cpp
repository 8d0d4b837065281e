/// The story of adding a passkey.
#include "daemon/enrollment.h"

#include <algorithm>
#include <array>

#include <sys/random.h>

#include "daemon/authority.h"
#include "daemon/described.h"
#include "daemon/errand.h"
#include "daemon/models.h"
#include "daemon/naming.h"
#include "daemon/platform_proof.h"
#include "daemon/policy.h"
#include "daemon/presence.h"
#include "daemon/questions.h"
#include "daemon/record.h"
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

Task<Result<Preparation>> prepare(House &house, Face &face, const EnrollmentRequest &request) {
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

/// Judges what was made. What the credential is called is for later.
Result<Credential> accepted(House &house, const EnrollmentRequest &request, const Preparation &place,
                            Challenge challenge, const Registration &made, const Bytes &user_handle,
                            const Provenance &provenance) {
  Credential credential = TRY(verify_registration(std::move(challenge), made, house.clock.boot()));
  if (place.way == Way::Usb && !accepts(house.config.general, credential.aaguid))
    return Error{ErrorKind::ModelRefused, "accepted_aaguids does not name this model of key"};
  credential.way = place.way;
  TRY(judge_model(house, credential));
  if (place.way == Way::Usb) credential.user_handle = user_handle;
  credential.discoverable = request.discoverable;
  credential.state = CredentialState::Active;
  if (place.way == Way::Tpm) provenance.put_into(credential);
  credential.built_in_uv = place.sensor && credential.user_verification;
  return credential;
}

/// By its model where that is known for certain, otherwise as the device calls itself.
std::string suggested_name(House &house, const Credential &credential, const std::string &device,
                           const std::vector<Credential> &others) {
  const std::string model = proven_model_name(house, credential);
  return free_name(model.empty() ? device : model, others);
}

/// May the account get a passkey now? Looked at before anything is asked, and once more before it is stored.
Status not_locked(House &house, const UserName &user) {
  if (TRY(house.ledger.lock_of(user))) return Error{ErrorKind::Locked, "the account is locked"};
  return Ok{};
}

/// A passkey is made with what is at this machine, by who is at this machine. Root may prepare one for others
/// from anywhere.
Task<Status> at_this_machine(House &house, const EnrollmentRequest &request, const Account &account) {
  if (request.caller.is_root()) co_return Ok{};
  LoginRequest asked{request.user, {}, {}, {}, request.caller.uid, request.caller.pid};
  const Place place = co_await find_place(house.loop, house.bus, asked, account.uid);
  if (place != Place::Local) co_return Error{ErrorKind::RemoteSession, "who enrolls is not at this machine"};
  co_return Ok{};
}

/// Whose passkey it will be. To others than root an account that does not exist is somebody else's until
/// polkit has said yes. Errors: what the caller is refused with.
Task<Result<Account>> admitted_account(House &house, const EnrollmentRequest &request) {
  const Result<Account> account = co_await look_up(house, request.user);
  if (!account && account.error().kind != ErrorKind::NotFound) co_return account.error();
  const Account about{request.user, account ? account->uid : static_cast<uid_t>(-1)};
  const Status allowed = co_await authorize(house, request.caller, request.interactive, Deed::Enroll, about);
  if (!allowed) co_return allowed.error();
  co_return account;
}

/// The last word: what was made, and how the account stands with it.
Say done(House &house, const Caller &caller, const Account &account, const Credential &added,
         const std::string &device) {
  Say said = Say(Step::Granted, message::kEnrolled)
                 .with(detail::kName, added.name)
                 .with(detail::kDevice, device)
                 .with(detail::kCredential, short_id(added.id));
  const Result<std::vector<CodeHash>> codes = house.ledger.unspent_codes(account);
  if (codes) said.details[detail::kCodesLeft] = static_cast<std::uint32_t>(codes->size());
  if (codes && codes->empty()) house.first_codes.allow(caller.bus_name, account, house.clock.boot());
  Result<Credentials> all = house.ledger.credentials_of(account.name);
  if (!all) return said;
  std::erase_if(all->rows, [&](const Credential &each) { return !is_active(each) || each.owner != account; });
  const bool one_device = std::ranges::all_of(all->rows, [&](const Credential &each) {
    return each.way == added.way && each.aaguid == added.aaguid && each.device == added.device;
  });
  said.details[detail::kPasskeys] = static_cast<std::uint32_t>(all->rows.size());
  said.details[detail::kOnlyDevice] = one_device;
  return said;
}

}  // namespace

Task<void> tell_enrollment(House &house, Face &face, EnrollmentRequest request) {
  std::optional<Account> owner;  // for the record, once it is known
  const auto fail = [&](const Error &error, const std::string &device = {}) {
    note_enrollment_failure(house, owner, request.caller, error);
    face.finish(say_error(Step::Unavailable, error, device));
  };
  const Result<Account> account = co_await admitted_account(house, request);
  if (!account && account.error().kind == ErrorKind::NotFound) co_return fail(account.error());
  if (!account) co_return face.refuse(account.error());
  request.user = account->name;
  owner = account.value();
  const Status here = co_await at_this_machine(house, request, account.value());
  if (!here) co_return fail(here.error());
  const Status open = not_locked(house, request.user);
  if (!open) co_return fail(open.error());
  Result<Credentials> stored = house.ledger.credentials_of(request.user);
  if (!stored) co_return fail(stored.error());
  // What an earlier owner of the name had is none of this one's.
  std::erase_if(stored->rows, [&](const Credential &each) { return each.owner != account.value(); });
  if (!request.name.empty() && !is_free(request.name, stored->rows))
    co_return fail({ErrorKind::AlreadyExists, "the account has a passkey of that name"});

  Result<Preparation> prepared = co_await prepare(house, face, request);
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
  if (!made) co_return fail(made.error(), place.device.name);
  const ProofIs proof_is =
      house.config.attestation == AttestationRule::Required ? ProofIs::Required : ProofIs::Wanted;
  Result<Provenance> provenance = Provenance{};
  if (place.way == Way::Tpm) provenance = co_await prove_platform(house, face, made.value(), proof_is);
  if (!provenance) co_return fail(provenance.error(), place.device.name);
  Result<Credential> credential = accepted(house, request, place, std::move(challenge).value(), made.value(),
                                           asked.user_handle, provenance.value());
  if (!credential) co_return fail(credential.error(), place.device.name);
  credential->name = request.name;
  if (request.name.empty())
    credential->name = suggested_name(house, credential.value(), place.device.name, stored->rows);
  if (request.name.empty() && request.ask_name)
    credential->name = co_await ask_name(face, credential->name, stored->rows);
  const Status still_open = not_locked(house, request.user);
  if (!still_open) co_return fail(still_open.error());
  const Result<Credential> added = house.ledger.add(
      credential.value(), Actor{request.caller.uid, request.caller.pid, "enrollment"}, house.clock.wall());
  if (!added) co_return fail(added.error(), place.device.name);
  face.finish(done(house, request.caller, account.value(), added.value(), place.device.name));
}

}  // namespace passkeyd
