/// Climbing, and stepping down.
#include "daemon/ladder.h"

#include <algorithm>

#include "common/log.h"
#include "daemon/code.h"
#include "daemon/decide.h"
#include "daemon/insertion.h"
#include "daemon/record.h"

namespace passkeyd {
namespace {

/// What is plugged in, asked only when a key could be used.
std::vector<KeyInfo> keys_for(const LoginRequest &request) {
  if (request.place != Place::Local) return {};
  Result<std::vector<KeyInfo>> keys = plugged_keys();
  if (keys) return std::move(keys).value();
  log_line(LogLevel::Warning, "keys: " + keys.error().sentence);
  return {};
}

Plan plan_of(const LoginCase &login) {
  return plan_for(login.request, login.account, login.credentials, login.codes, keys_for(login.request),
                  login.policy);
}

/// What people call the authenticator of this way, if there is only one.
std::string device_of(const PlannedWay &way) {
  if (way.way == Way::Tpm || way.way == Way::Ssh) return way.credentials.front().name;
  return way.keys.size() == 1 ? way.keys.front().name : std::string();
}

/// Somebody was locked out while they proved who they are: nothing further down opens to them either.
bool is_shut_out(const Error &why) {
  return why.kind == ErrorKind::Locked;
}

/// The words of the first prompt; nullptr: there is nothing behind it.
const char *offer_for(const Plan &plan) {
  const bool asks = std::any_of(plan.ways.begin(), plan.ways.end(),
                                [](const PlannedWay &each) { return each.asks == Asks::Pin; });
  const bool key = std::any_of(plan.ways.begin(), plan.ways.end(),
                               [](const PlannedWay &each) { return each.way == Way::Usb; });
  if (plan.typed_pin) return key ? message::kPasswordPinOrKey : message::kPasswordOrPin;
  if (plan.ways.empty()) return plan.code ? message::kPasswordOrCode : nullptr;
  return asks ? message::kPasswordOrPasskey : message::kPasswordOrKey;
}

}  // namespace

Ladder::Ladder(House &house, Face &face, const LoginCase &login)
    : house_(house),
      face_(face),
      login_(login),
      plan_(plan_of(login)),
      why_{plan_.why_none, "no way is open here and now"} {}

Task<void> Ladder::wait_for_key() {
  if (!plan_.ways.empty() || !plan_.key_missing) co_return;
  co_await wait_for_insertion(house_, face_, login_.request.wait);
  plan_ = plan_of(login_);
}

Task<std::optional<Say>> Ladder::offer() {
  const char *words = offer_for(plan_);
  if (words == nullptr) co_return std::nullopt;
  Say question = Say(Step::Offer, words).with(detail::kAcceptsPin, plan_.typed_pin.has_value());
  if (plan_.ways.size() == 1 && plan_.ways.front().way == Way::Usb)
    question.details[detail::kDevice] = device_of(plan_.ways.front());
  Answer answer = co_await face_.ask(std::move(question));
  if (!answer.secret) co_return std::nullopt;
  // The host has been answered with a text: nothing more is asked of it, whatever the text was worth.
  Result<Say> said = Error{ErrorKind::InvalidInput, "a text was sent that nobody asked for"};
  if (plan_.typed_pin) {
    Result<Proof> proof =
        co_await prove_with_typed_pin(house_, face_, login_, *plan_.typed_pin, std::move(*answer.secret));
    said = decide_on(*plan_.typed_pin, std::move(proof));
  }
  if (said) co_return std::move(said).value();
  step_down(said.error(), plan_.typed_pin ? device_of(*plan_.typed_pin) : std::string(), nullptr);
  co_return last_word();
}

Task<Say> Ladder::climb() {
  for (std::size_t rung = 0; rung < plan_.ways.size(); ++rung) {
    const PlannedWay &way = plan_.ways[rung];
    Result<Proof> proof = co_await prove_by(house_, face_, login_, way, denied_);
    Result<Say> said = decide_on(way, std::move(proof));
    if (said) co_return std::move(said).value();
    if (is_shut_out(said.error())) co_return say_error(Step::Denied, said.error());
    step_down(said.error(), device_of(way), after(rung));
  }
  if (plan_.code) {
    Result<Say> said = co_await prove_by_code(house_, face_, login_, denied_);
    if (said) co_return std::move(said).value();
    if (is_shut_out(said.error())) co_return say_error(Step::Denied, said.error());
    // A code that was tried is in the audit already: the ledger decided about it.
    if (said.error().kind != ErrorKind::CodeWrong) note_failure(house_, login_, said.error());
    step_down(said.error(), {}, nullptr);
  }
  // Nobody was asked for anything: worth a line in the log, but the audit is for what was tried. Every
  // password typed over SSH for somebody who has a passkey comes by here.
  if (plan_.ways.empty() && !plan_.code)
    log_outcome(login_.request, login_.account, outcome::kFailed, name_of(why_.kind));
  co_return last_word();
}

const char *Ladder::after(std::size_t rung) const {
  if (rung + 1 < plan_.ways.size()) return next::kPasskey;
  return plan_.code ? next::kCode : nullptr;
}

Result<Say> Ladder::decide_on(const PlannedWay &way, Result<Proof> proof) {
  if (proof) return decide(house_, login_, way.credentials, std::move(proof).value());
  Error why = proof.error();
  // A computer without its chip is not told to people as a security key that is not plugged in.
  if (way.way == Way::Tpm && why.kind == ErrorKind::NoDevice) why.kind = ErrorKind::TpmBroken;
  note_failure(house_, login_, why);
  return why;
}

/// Who stepped down by pressing Enter knows why, and is told nothing.
void Ladder::step_down(const Error &why, std::string device, const char *next) {
  denied_ = denied_ || is_denial(why.kind);
  why_ = why;
  device_ = std::move(device);
  // After a refusal the last word is that refusal, with the wait that it began. Whatever else came then is
  // told before.
  const bool follows = denied_ && !is_denial(why.kind) && why.kind != ErrorKind::Limited;
  is_told_ = (next != nullptr || follows) && why.kind != ErrorKind::Cancelled;
  if (!is_told_) return;
  Say said = say_error(Step::Tell, why_, device_);
  if (next != nullptr) said.details[detail::kNext] = std::string(next);
  face_.tell(std::move(said));
}

Say Ladder::last_word() const {
  if (!denied_) return say_error(Step::Unavailable, why_, device_);
  // A refusal that was told, or that others came after, is not told twice: the general word closes. A wait
  // that it began is told in any case.
  if (!is_told_ && is_denial(why_.kind)) return say_error(Step::Denied, why_, device_);
  Error general{ErrorKind::Denied, "refused on the way"};
  general.wait = why_.wait;
  return say_error(Step::Denied, general, {});
}

}  // namespace passkeyd
