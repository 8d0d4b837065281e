/// What may be asked where.
#include "pam/guard.h"

namespace passkeyd {

bool Guard::may_ask() const {
  switch (kind_) {
    case HostKind::NoAnswer:
    case HostKind::OneAnswer:
      return false;
    case HostKind::OfferFirst:
    case HostKind::Askpass:
      return offered_ || password_ != nullptr;
    case HostKind::OfferBest:
    case HostKind::Talks:
      return true;
  }
  return false;
}

bool Guard::may_offer() const {
  if (password_ != nullptr || kind_ == HostKind::NoAnswer) return false;
  return kind_ != HostKind::OneAnswer || !offered_;
}

/// A cue means that the answer before it did: nothing is kept while the person takes their time.
Status Guard::tell(Tone tone, const std::string &text) {
  if (tone == Tone::Cue) last_ = Secret();
  return host_.tell(tone, text);
}

/// What comes is looked at by the dialogue (client/answer.cpp); it is no secret, and the next hidden answer
/// may well be the same: sshd gives junk for all of them where it knows no such account.
Result<std::optional<std::string>> Guard::relay(const std::string &prompt) {
  if (kind_ != HostKind::Askpass || !may_ask()) return std::optional<std::string>();
  last_ = Secret();
  return host_.relay(prompt);
}

/// Where answers may come alike, the known password in answer to another question is no coincidence.
bool Guard::is_the_password(const Secret &reply) const {
  const bool may_come_alike = kind_ == HostKind::OfferFirst || kind_ == HostKind::Askpass;
  return may_come_alike && password_ != nullptr && reply.text() == password_;
}

Result<std::optional<Secret>> Guard::ask_secret(const std::string &prompt) {
  if (!may_ask()) return std::optional<Secret>();
  std::optional<Secret> reply = TRY(host_.ask_secret(prompt));
  if (reply && is_the_password(*reply)) reply.reset();
  if (reply && repetition_ == Repetition::IsNoAnswer) {
    if (reply->text() == last_.text()) return std::optional<Secret>();
    last_ = Secret(reply->bytes());
  }
  return reply;
}

Result<std::optional<Secret>> Guard::offer(const std::string &prompt) {
  if (!may_offer()) return std::optional<Secret>();
  offered_ = true;
  return host_.offer(prompt);
}

Result<std::optional<std::string>> Guard::ask(const std::string &prompt) {
  if (!may_ask()) return std::optional<std::string>();
  return host_.ask(prompt);
}

Result<std::optional<std::size_t>> Guard::choose(const std::string &prompt,
                                                 const std::vector<std::string> &options) {
  if (!may_ask()) return std::optional<std::size_t>();
  return host_.choose(prompt, options);
}

}  // namespace passkeyd
