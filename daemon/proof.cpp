/// Asking authenticators: the PIN, the touch, several keys at once.
#include "daemon/proof.h"

#include <algorithm>

#include "daemon/errand.h"
#include "daemon/questions.h"

namespace passkeyd {
namespace {

/// What a ceremony may take beyond the person's own time: opening the key, the TPM's slowest commands.
constexpr std::chrono::seconds kMachineTime{10};

std::vector<Bytes> ids_of(const std::vector<Credential> &credentials) {
  std::vector<Bytes> ids;
  for (const Credential &each : credentials) ids.push_back(each.id);
  return ids;
}

/// The keys worth asking. One plugged-in key is asked outright; of several, those that say, without a touch,
/// that they hold one of the credentials, so that a PIN goes to no stranger's key.
Task<Result<std::vector<KeyInfo>>> keys_to_ask(House &house, const PlannedWay &way) {
  if (way.keys.size() == 1) co_return way.keys;
  Mailbox<News> news(house.loop);
  std::vector<std::unique_ptr<OngoingCeremony>> probes;
  for (std::size_t at = 0; at < way.keys.size(); ++at) {
    const KeyInfo &key = way.keys[at];
    wire::Request request = wire::ProbeKey{key, house.rp_id.str(), ids_of(way.credentials)};
    probes.push_back(house.ceremonies.start(std::move(request), key.path, {}, news, at, kErrandDeadline));
  }
  std::vector<KeyInfo> holding;
  for (std::size_t open = probes.size(); open > 0;) {
    const News latest = co_await news.next();
    if (!latest.event || !is_last(*latest.event)) continue;
    --open;
    const auto *probed = std::get_if<wire::KeyProbed>(&*latest.event);
    if (probed != nullptr && probed->holds) holding.push_back(way.keys[latest.from]);
  }
  if (holding.empty()) co_return Error{ErrorKind::NoCredential, "none of the plugged-in keys is enrolled"};
  co_return holding;
}

AssertionRequest assertion_request(House &house, const PlannedWay &way, const Challenge &challenge) {
  AssertionRequest request{house.rp_id, challenge.client_data(), challenge.user_verification(), {}};
  for (const Credential &each : way.credentials)
    request.allowed.push_back({each.id, each.platform, each.max_allow_list});
  request.timeout = house.config.touch_timeout;
  request.min_pin_tries = house.config.min_key_retries;
  return request;
}

Error limited(std::chrono::seconds wait) {
  Error error{ErrorKind::Limited, "too many wrong PINs"};
  error.wait = wait;
  return error;
}

/// True for what only the person can have done wrong: such a try stays counted.
bool is_persons_failure(ErrorKind kind) {
  return kind == ErrorKind::PinWrong;
}

/// Runs one ceremony per key, or the one of the TPM, until the first assertion or the last failure.
Task<Result<Assertion>> first_assertion(House &house, Face &face, Way way,
                                        const std::vector<KeyInfo> &devices, const AssertionRequest &asked,
                                        std::optional<Fd> pin) {
  Mailbox<News> news(house.loop);
  std::vector<std::unique_ptr<OngoingCeremony>> ceremonies;
  for (std::size_t at = 0; at < devices.size(); ++at) {
    std::vector<Fd> secrets;
    if (pin) secrets.push_back(std::move(*pin));  // with a PIN there is one device only
    wire::Request request = wire::Prove{way, devices[at], asked};
    ceremonies.push_back(house.ceremonies.start(std::move(request), devices[at].path, std::move(secrets),
                                                news, at, asked.timeout + kMachineTime));
  }
  Error why{ErrorKind::NoCredential, "no authenticator here holds the passkey"};
  bool cued = false;
  for (std::size_t open = devices.size(); open > 0;) {
    News latest = co_await news.next();
    if (!latest.event || !is_last(*latest.event)) {
      // Of several keys that blink at once, one is named; the others blink as well.
      if (!latest.event || !std::exchange(cued, true))
        face.tell(cue_for(latest.event, devices[latest.from].name));
      continue;
    }
    --open;
    auto *proved = std::get_if<wire::Proved>(&*latest.event);
    if (proved != nullptr && proved->assertion) co_return std::move(*proved->assertion);
    if (auto *error = std::get_if<Error>(&*latest.event)) why = std::move(*error);
  }
  co_return why;
}

/// Counts the try, asks, and takes the count back if it was not the person who failed.
Task<Result<Proof>> prove_with(House &house, Face &face, const LoginRequest &request, const Account &account,
                               const PlannedWay &way, const std::vector<KeyInfo> &devices,
                               std::optional<Fd> pin, bool look_first = false) {
  const UserVerification uv = pin ? UserVerification::Required : way.user_verification;
  Result<Challenge> challenge = Challenge::make(Ceremony::Get, house.rp_id, account, uv, house.clock.boot());
  if (!challenge) co_return challenge.error();
  AssertionRequest asked = assertion_request(house, way, challenge.value());
  std::optional<Ticket> ticket;
  if (pin) {
    const TryKey whose{request.user, way.way, place_of(request)};
    const Result<TryAnswer> counted = house.ledger.begin_try(whose, house.moment());
    if (!counted) co_return counted.error();
    if (!counted->ticket) co_return limited(counted->wait);
    ticket = counted->ticket;
    asked.read_tries_first = counted->after_failure || look_first;
  }
  Result<Assertion> assertion =
      co_await first_assertion(house, face, way.way, devices, asked, std::move(pin));
  if (assertion) co_return Proof{std::move(challenge).value(), std::move(assertion).value(), ticket};
  if (ticket && !is_persons_failure(assertion.error().kind)) {
    const Status undone = house.ledger.undo_try(*ticket);
    if (!undone) co_return undone.error();
  }
  co_return assertion.error();
}

Task<Result<Proof>> prove_by_key(House &house, Face &face, const LoginRequest &request,
                                 const Account &account, const PlannedWay &way) {
  Result<std::vector<KeyInfo>> keys = co_await keys_to_ask(house, way);
  if (!keys) co_return keys.error();
  const bool sensor = std::all_of(way.credentials.begin(), way.credentials.end(), [](const Credential &each) {
    return each.built_in_uv || !each.user_verification;
  });
  if (way.user_verification != UserVerification::Required || sensor) {
    Result<Proof> proof = co_await prove_with(house, face, request, account, way, keys.value(), std::nullopt);
    const bool needs_pin = !proof && (proof.error().kind == ErrorKind::PinRequired ||
                                      proof.error().kind == ErrorKind::UvBlocked);
    if (!needs_pin) co_return proof;
  }
  Result<KeyInfo> key = co_await choose_key(face, keys.value());
  if (!key) co_return key.error();
  Result<Fd> pin = co_await ask_pin(face, message::kPinKey, key->name);
  if (!pin) co_return pin.error();
  std::vector<KeyInfo> one(1, key.value());
  co_return co_await prove_with(house, face, request, account, way, one, std::move(pin).value());
}

/// The TPM is asked whether it has room for a try while the person is still typing.
Task<Result<Proof>> prove_by_tpm(House &house, Face &face, const LoginRequest &request,
                                 const Account &account, const PlannedWay &way) {
  const std::string &tcti = house.config.tcti;
  Mailbox<News> news(house.loop);
  wire::Request question = wire::AskTpm{tcti};
  const std::uint64_t tries_before = house.tpm_tries;
  const auto asking = house.ceremonies.start(std::move(question), tcti, {}, news, 0, kErrandDeadline);
  Result<Fd> pin = co_await ask_pin(face, message::kPinPlatform, way.credentials.front().name);
  if (!pin) co_return pin.error();
  std::optional<wire::Event> answer;
  while (!answer || !is_last(*answer)) answer = (co_await news.next()).event;
  if (auto *error = std::get_if<Error>(&*answer)) co_return std::move(*error);
  const std::vector<KeyInfo> device(1, KeyInfo{tcti, way.credentials.front().name});
  // What the TPM said is old if somebody else's PIN was tried since: then it is asked again, at its turn.
  const bool look_again = house.tpm_tries++ != tries_before;
  co_return co_await prove_with(house, face, request, account, way, device, std::move(pin).value(),
                                look_again);
}

}  // namespace

Task<Result<Proof>> prove_by(House &house, Face &face, const LoginRequest &request, const Account &account,
                             const PlannedWay &way) {
  if (way.way == Way::Tpm) return prove_by_tpm(house, face, request, account, way);
  return prove_by_key(house, face, request, account, way);
}

}  // namespace passkeyd
