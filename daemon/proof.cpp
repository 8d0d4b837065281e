/// Asking authenticators: the PIN, the touch, several keys at once.
#include "daemon/proof.h"

#include <algorithm>

#include "daemon/errand.h"
#include "daemon/questions.h"
#include "daemon/record.h"

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

AssertionRequest assertion_request(const LoginCase &login, const PlannedWay &way,
                                   const Challenge &challenge) {
  AssertionRequest request{challenge.rp_id(), challenge.client_data(), challenge.user_verification(), {}};
  for (const Credential &each : way.credentials)
    request.allowed.push_back({each.id, each.platform, each.max_allow_list});
  request.timeout = login.policy.touch_timeout;
  request.min_pin_tries = login.policy.min_key_retries;
  return request;
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

/// What can be nobody's but the person's failure: such a try stays counted. A key may say that it is blocked
/// until it is plugged in again with the very PIN that was one too many.
bool spent_a_try(ErrorKind kind) {
  return kind == ErrorKind::PinWrong || kind == ErrorKind::PinSoftBlocked;
}

/// Counts the try, asks, and takes the count back if it was not the person who failed.
Task<Result<Proof>> prove_with(House &house, Face &face, const LoginCase &login, const PlannedWay &way,
                               const std::vector<KeyInfo> &devices, std::optional<Fd> pin,
                               bool look_first = false) {
  const UserVerification uv = pin ? UserVerification::Required : way.user_verification;
  Result<Challenge> challenge = challenge_for(house, login, uv);
  if (!challenge) co_return challenge.error();
  AssertionRequest asked = assertion_request(login, way, challenge.value());
  std::optional<Ticket> ticket;
  if (pin) {
    const Result<TryAnswer> counted =
        house.ledger.begin_try(try_key_of(login, way.way), house.moment(), house.config.limits);
    if (!counted) co_return counted.error();
    if (!counted->ticket) co_return limited(counted->wait);
    ticket = counted->ticket;
    asked.read_tries_first = counted->after_failure || look_first;
  }
  Result<Assertion> assertion =
      co_await first_assertion(house, face, way.way, devices, asked, std::move(pin));
  if (assertion) co_return Proof{std::move(challenge).value(), std::move(assertion).value(), ticket};
  if (ticket && !spent_a_try(assertion.error().kind)) {
    const Status undone = house.ledger.undo_try(*ticket);
    if (!undone) co_return undone.error();
  }
  co_return assertion.error();
}

/// Asks for PINs until one does, the person steps down, or `prove` fails for another reason than the PIN.
/// `prove` takes a PIN and gives a Task<Result<Proof>>.
template <class Prove>
Task<Result<Proof>> try_pins(House &house, Face &face, const LoginCase &login, Way way, const char *question,
                             const std::string &device, bool &refused, Prove prove) {
  for (int tries = 1;; ++tries) {
    const Status allowed = may_try(house, login, way);
    if (!allowed) co_return allowed.error();
    Result<Fd> pin = co_await ask_hidden(face, question, device);
    if (!pin) co_return pin.error();
    Result<Proof> proof = co_await prove(std::move(pin).value());
    if (proof || !may_type_again(proof.error(), tries)) co_return proof;
    note_failure(house, login, proof.error(), login.event);
    refused = refused || is_denial(proof.error().kind);
    face.tell(say_error(Step::Tell, proof.error(), device).with(detail::kNext, std::string(next::kAgain)));
  }
}

/// True for what a PIN makes good: the key wants one, or its sensor did not know the person.
bool calls_for_pin(ErrorKind kind) {
  return kind == ErrorKind::PinRequired || kind == ErrorKind::UvBlocked || kind == ErrorKind::UvFailed;
}

Task<Result<Proof>> prove_by_key(House &house, Face &face, const LoginCase &login, const PlannedWay &way,
                                 bool &refused) {
  Result<std::vector<KeyInfo>> keys = co_await keys_to_ask(house, way);
  if (!keys) co_return keys.error();
  if (way.asks == Asks::Nothing) {
    Result<Proof> proof = co_await prove_with(house, face, login, way, keys.value(), std::nullopt);
    const bool needs_pin = !proof && calls_for_pin(proof.error().kind);
    if (!needs_pin || login.request.host != Host::Talks) co_return proof;
    refused = refused || is_denial(proof.error().kind);
    if (proof.error().kind != ErrorKind::PinRequired)
      face.tell(say_error(Step::Tell, proof.error(), keys->size() == 1 ? keys->front().name : std::string())
                    .with(detail::kNext, std::string(next::kPin)));
  }
  Result<KeyInfo> key = co_await choose_key(face, keys.value());
  if (!key) co_return key.error();
  const std::vector<KeyInfo> one(1, key.value());
  const auto prove = [&](Fd pin) { return prove_with(house, face, login, way, one, std::move(pin)); };
  co_return co_await try_pins(house, face, login, way.way, message::kPinKey, key->name, refused, prove);
}

/// A look at the TPM's own count of wrong PINs, begun while the person is still typing.
class TpmLook {
 public:
  explicit TpmLook(House &house)
      : house_(house),
        news_(house.loop),
        tries_before_(house.tpm_tries),
        asking_(house.ceremonies.start(wire::Request(wire::AskTpm{house.config.tcti}), house.config.tcti, {},
                                       news_, 0, kErrandDeadline)) {}

  /// Whether it has room for a PIN. True beside Ok: what it said is old, since another PIN was tried
  /// meanwhile; ask again, at the turn.
  Task<Result<bool>> wait() {
    std::optional<wire::Event> answer;
    while (!answer || !is_last(*answer)) answer = (co_await news_.next()).event;
    if (auto *error = std::get_if<Error>(&*answer)) co_return std::move(*error);
    co_return house_.tpm_tries++ != tries_before_;
  }

 private:
  House &house_;
  Mailbox<News> news_;
  std::uint64_t tries_before_;
  std::unique_ptr<OngoingCeremony> asking_;
};

Task<Result<Proof>> prove_by_tpm_with(House &house, Face &face, const LoginCase &login, const PlannedWay &way,
                                      TpmLook &look, Fd pin) {
  const Result<bool> old = co_await look.wait();
  if (!old) co_return old.error();
  const std::vector<KeyInfo> device(1, KeyInfo{house.config.tcti, way.credentials.front().name});
  co_return co_await prove_with(house, face, login, way, device, std::move(pin), old.value());
}

Task<Result<Proof>> prove_by_tpm(House &house, Face &face, const LoginCase &login, const PlannedWay &way,
                                 bool &refused) {
  auto look = std::make_unique<TpmLook>(house);
  const auto prove = [&](Fd pin) -> Task<Result<Proof>> {
    const std::unique_ptr<TpmLook> now = std::exchange(look, nullptr);
    Result<Proof> proof = co_await prove_by_tpm_with(house, face, login, way, *now, std::move(pin));
    if (!proof) look = std::make_unique<TpmLook>(house);  // while the next one is typed
    co_return proof;
  };
  co_return co_await try_pins(house, face, login, way.way, message::kPinPlatform,
                              way.credentials.front().name, refused, prove);
}

}  // namespace

Task<Result<Proof>> prove_by(House &house, Face &face, const LoginCase &login, const PlannedWay &way,
                             bool &refused) {
  if (way.way == Way::Tpm) return prove_by_tpm(house, face, login, way, refused);
  return prove_by_key(house, face, login, way, refused);
}

Task<Result<Proof>> prove_with_typed_pin(House &house, Face &face, const LoginCase &login,
                                         const PlannedWay &way, Fd pin) {
  const Status allowed = may_try(house, login, way.way);
  if (!allowed) co_return allowed.error();
  TpmLook look(house);
  co_return co_await prove_by_tpm_with(house, face, login, way, look, std::move(pin));
}

}  // namespace passkeyd
