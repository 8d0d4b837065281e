/// One key and one person: the PIN, the touch, and words when it does not work.
#include "ssh/askpass/security_key.h"

#include "client/words.h"
#include "ssh/askpass/dismissal.h"
#include "ssh/askpass/person.h"

namespace passkeyd::askpass {
namespace {

constexpr int kMostPins = 3;

/// Says what the key waits for.
class SpokenCues final : public Cues {
 public:
  SpokenCues(Conversation &person, const std::string &device) : person_(person), device_(device) {}
  void touch() override { say(message::kTouch); }
  void verify() override { say(message::kVerify); }

 private:
  void say(const char *cue) {
    // A cue that cannot be shown is a light that blinks all the same.
    [[maybe_unused]] const Status told =
        person_.tell(Tone::Cue, words_for({.message = cue, .device = device_}));
  }

  Conversation &person_;
  const std::string &device_;
};

/// True for what a PIN makes good: the key wants one, or its sensor did not know the person.
bool calls_for_pin(ErrorKind kind) {
  return kind == ErrorKind::PinRequired || kind == ErrorKind::UvBlocked || kind == ErrorKind::UvFailed;
}

bool is_mistyped(ErrorKind kind) {
  return kind == ErrorKind::PinWrong || kind == ErrorKind::PinInvalid;
}

/// One time at the key, which the person can take back.
template <class Ask>
auto at_the_key(const KeyInfo &key, Conversation &person, Ask ask) {
  UsbAuthenticator authenticator(key);
  SpokenCues cues(person, key.name);
  const Dismissal dismissal([&] { authenticator.cancel(); });
  return ask(authenticator, cues);
}

}  // namespace

Result<bool> SecurityKey::holds(const RpId &rp_id, const std::vector<Bytes> &ids) {
  return UsbAuthenticator(key_).holds(rp_id, ids);
}

/// nullopt: stepped down.
Result<std::optional<Secret>> SecurityKey::ask_pin(Conversation &person) const {
  return person.ask_secret(words_for({.message = message::kPinKey, .device = key_.name}));
}

Result<std::optional<Assertion>> SecurityKey::prove(const AssertionRequest &asked, Conversation &person) {
  AssertionRequest request = asked;
  request.read_tries_first = true;  // nobody here remembers what was tried before
  const auto attempt = [&](const Secret *pin) {
    return at_the_key(key_, person,
                      [&](UsbAuthenticator &key, Cues &cues) { return key.prove(request, pin, cues); });
  };
  const KeyDescription about = TRY(UsbAuthenticator(key_).describe());
  const bool verify = request.user_verification == UserVerification::Required || about.always_uv;
  if (!verify || !about.has_pin || about.has_uv) {
    Result<std::optional<Assertion>> proof = attempt(nullptr);
    if (proof || !calls_for_pin(proof.error().kind) || !about.has_pin) return proof;
    if (proof.error().kind != ErrorKind::PinRequired)
      TRY(person.tell(Tone::Trouble, words_of(proof.error(), key_.name, next::kPin)));
  }
  for (int tries = 1;; ++tries) {
    const std::optional<Secret> pin = TRY(ask_pin(person));
    if (!pin) return Error{ErrorKind::Cancelled, "no PIN was given"};
    Result<std::optional<Assertion>> proof = attempt(&*pin);
    if (proof || !is_mistyped(proof.error().kind) || tries == kMostPins) return proof;
    TRY(person.tell(Tone::Trouble, words_of(proof.error(), key_.name, next::kAgain)));
  }
}

Result<ssh::MadeRegistration> SecurityKey::enroll(const RegistrationRequest &request, Conversation &person) {
  const KeyDescription about = TRY(UsbAuthenticator(key_).describe());
  // A key with a PIN needs it for every new credential, whatever the credential is for.
  std::optional<Secret> pin;
  if (about.has_pin && !about.has_uv) {
    pin = TRY(ask_pin(person));
    if (!pin) return Error{ErrorKind::Cancelled, "no PIN was given"};
  }
  ssh::MadeRegistration made;
  made.registration = TRY(at_the_key(key_, person, [&](UsbAuthenticator &key, Cues &cues) {
    return key.enroll(request, pin ? &*pin : nullptr, cues);
  }));
  made.sensor = about.has_uv && request.user_verification != UserVerification::Discouraged;
  return made;
}

}  // namespace passkeyd::askpass
