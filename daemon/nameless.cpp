/// Letting the key find the account.
#include "daemon/nameless.h"

#include <algorithm>

#include "common/log.h"
#include "daemon/decide.h"
#include "daemon/errand.h"
#include "daemon/insertion.h"
#include "daemon/login_case.h"
#include "daemon/presence.h"
#include "daemon/questions.h"
#include "daemon/record.h"

namespace passkeyd {
namespace {

constexpr std::chrono::seconds kMachineTime{10};

/// A credential of ours that the key answered with, and the answer. Unverified.
struct Claim {
  Credential credential;
  Assertion assertion;
};

Task<Result<KeyInfo>> find_key(House &house, Face &face, const LoginRequest &request) {
  Result<std::vector<KeyInfo>> keys = plugged_keys();
  if (keys && keys->empty()) {
    co_await wait_for_insertion(house, face, request.wait);
    keys = plugged_keys();
  }
  if (!keys) co_return keys.error();
  co_return co_await choose_key(face, keys.value());
}

/// All that the key has for us, each with an answer to `challenge`.
Task<Result<std::vector<Assertion>>> discover(House &house, Face &face, const KeyInfo &key,
                                              const Challenge &challenge, const Policy &policy,
                                              std::optional<Fd> pin) {
  Mailbox<News> news(house.loop);
  std::vector<Fd> secrets;
  if (pin) secrets.push_back(std::move(*pin));
  wire::Request request = wire::Discover{key, house.rp_id.str(), challenge.client_data(),
                                         policy.touch_timeout, policy.min_key_retries};
  const auto ceremony = house.ceremonies.start(std::move(request), key.path, std::move(secrets), news, 0,
                                               policy.touch_timeout + kMachineTime);
  for (;;) {
    News latest = co_await news.next();
    if (!latest.event || !is_last(*latest.event)) {
      face.tell(cue_for(latest.event, key.name));
    } else if (auto *found = std::get_if<wire::Discovered>(&*latest.event)) {
      if (found->assertions.empty()) co_return Error{ErrorKind::NoCredential, "the key names no account"};
      co_return std::move(found->assertions);
    } else if (auto *error = std::get_if<Error>(&*latest.event)) {
      co_return std::move(*error);
    } else {
      co_return Error{ErrorKind::Malformed, "the ceremony answered something else"};
    }
  }
}

/// By the key's sensor if it has one, otherwise by PIN, with a few tries.
Task<Result<std::vector<Assertion>>> ask_key(House &house, Face &face, const LoginRequest &request,
                                             const KeyInfo &key, const Challenge &challenge,
                                             const Policy &policy) {
  wire::Request question = wire::DescribeKey{key};
  const Result<Returned<wire::KeyDescribed>> described =
      co_await errand<wire::KeyDescribed>(house, std::move(question), key.path);
  if (!described) co_return described.error();
  if (described->value.has_uv) {
    Result<std::vector<Assertion>> found =
        co_await discover(house, face, key, challenge, policy, std::nullopt);
    const bool needs_pin =
        !found && described->value.has_pin &&
        (found.error().kind == ErrorKind::UvBlocked || found.error().kind == ErrorKind::UvFailed);
    if (!needs_pin) co_return found;
    note_nobody(house, request, found.error());
    face.tell(say_error(Step::Tell, found.error(), key.name).with(detail::kNext, std::string(next::kPin)));
  }
  for (int tries = 1;; ++tries) {
    Result<Fd> pin = co_await ask_hidden(face, message::kPinKey, key.name);
    if (!pin) co_return pin.error();
    Result<std::vector<Assertion>> found =
        co_await discover(house, face, key, challenge, policy, std::move(pin).value());
    if (found || !may_type_again(found.error(), tries)) co_return found;
    note_nobody(house, request, found.error());
    face.tell(say_error(Step::Tell, found.error(), key.name).with(detail::kNext, std::string(next::kAgain)));
  }
}

/// Those answers that name an active credential of this machine.
std::vector<Claim> claims_of(House &house, std::vector<Assertion> answers, const Policy &policy) {
  std::vector<Claim> claims;
  for (Assertion &answer : answers) {
    Result<std::optional<Credential>> known = house.ledger.find(answer.credential_id);
    if (!known) log_line(LogLevel::Error, "ledger: " + log_safe(known.error().sentence));
    if (!known || !known.value()) continue;  // one row that makes no sense hides none of the others
    // A credential's id is no secret, the handle is one between the key and us: who does not know it is shown
    // no names.
    const Credential &credential = *known.value();
    const bool fit = credential.state == CredentialState::Active && credential.way == Way::Usb &&
                     accepts(policy, credential.aaguid) && !credential.user_handle.empty() &&
                     credential.user_handle == answer.user_handle;
    if (fit) claims.push_back({credential, std::move(answer)});
  }
  return claims;
}

Task<Result<Claim>> choose_claim(Face &face, std::vector<Claim> claims) {
  if (claims.size() == 1) co_return std::move(claims.front());
  std::vector<std::string> names;
  for (const Claim &each : claims) names.push_back(each.credential.owner.name.str());
  Say question = Say(Step::Choose, message::kChooseAccount).with(detail::kOptions, std::move(names));
  const Answer answer = co_await face.ask(std::move(question));
  if (!answer.choice || *answer.choice >= claims.size())
    co_return Error{ErrorKind::Cancelled, "no account was chosen"};
  co_return std::move(claims[*answer.choice]);
}

/// The answer that will count, and the challenge it answers.
struct Found {
  Claim claim;
  Challenge challenge;
};

Task<Result<Found>> find_claim(House &house, Face &face, const LoginRequest &request, const Policy &policy) {
  if (request.place != Place::Local) co_return Error{ErrorKind::RemoteSession, "nobody is at this machine"};
  const bool usb = std::find(policy.ways.begin(), policy.ways.end(), Way::Usb) != policy.ways.end();
  if (!usb || request.host != Host::Talks)
    co_return Error{ErrorKind::NoDevice, "no way is open here and now"};
  const Result<KeyInfo> key = co_await find_key(house, face, request);
  if (!key) co_return key.error();
  Result<Challenge> challenge =
      Challenge::make_for_anyone(house.rp_id, UserVerification::Required, house.clock.boot());
  if (!challenge) co_return challenge.error();
  Result<std::vector<Assertion>> answers =
      co_await ask_key(house, face, request, key.value(), challenge.value(), policy);
  if (!answers) co_return answers.error();
  std::vector<Claim> claims = claims_of(house, std::move(answers).value(), policy);
  if (claims.empty()) co_return Error{ErrorKind::NoCredential, "the key names no account of this machine"};
  Result<Claim> claim = co_await choose_claim(face, std::move(claims));
  if (!claim) co_return claim.error();
  co_return Found{std::move(claim).value(), std::move(challenge).value()};
}

}  // namespace

Task<void> tell_nameless_login(House &house, Face &face, LoginRequest request) {
  if (request.caller_uid != 0)
    co_return face.refuse({ErrorKind::NotAllowed, "Only root may ask who is there."});
  const Policy policy = house.config.policy_for(request.service);
  request.place = co_await find_place(house.loop, house.bus, request, std::nullopt);
  const auto fail = [&](const Error &why) {
    note_nobody(house, request, why);
    face.finish(say_error(is_denial(why.kind) ? Step::Denied : Step::Unavailable, why));
  };
  Result<Found> found = co_await find_claim(house, face, request, policy);
  if (!found) co_return fail(found.error());
  const Credential &credential = found->claim.credential;
  const Result<Account> account = co_await look_up(house, credential.owner.name);
  if (!account) co_return fail(account.error());
  // Now that it is known whose login it is, where they are signed in counts as well.
  request.user = account->name;
  request.place = co_await find_place(house.loop, house.bus, request, account->uid);
  if (request.place != Place::Local)
    co_return fail({ErrorKind::RemoteSession, "the account is in use from elsewhere"});

  const LoginCase login{std::move(request), account.value(), {credential}, 0, policy};
  Challenge challenge = std::move(found->challenge).bind(account.value());
  Result<Say> said = decide(house, login, login.credentials,
                            Proof{std::move(challenge), std::move(found->claim.assertion), std::nullopt});
  if (!said)
    co_return face.finish(
        say_error(said.error().kind == ErrorKind::Denied ? Step::Denied : Step::Unavailable, said.error()));
  face.finish(std::move(said).value().with(detail::kUser, account->name.str()));
}

}  // namespace passkeyd
