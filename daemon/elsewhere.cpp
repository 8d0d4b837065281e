/// Two texts, there and back.
#include "daemon/elsewhere.h"

#include "ledger/credential_row.h"
#include "ssh/relay.h"

namespace passkeyd {
namespace {

constexpr int kMostTries = 3;  ///< at pasting
/// Beside the answer itself: white space that came along, and the tag in front.
constexpr std::size_t kAround = 64;

/// Those that the authenticator there must not hold yet. More than fit are more than one key would have.
std::vector<Bytes> excluded(const std::vector<Credential> &others) {
  std::vector<Bytes> ids;
  for (const Credential &each : others) {
    const bool could_be_there = each.way == Way::Usb || each.way == Way::Client;
    if (could_be_there && each.state == CredentialState::Active && ids.size() < ssh::kMaxAllowed)
      ids.push_back(each.id);
  }
  return ids;
}

/// Whoever is asked has to go to another computer first, so there is as much time as the challenge has.
Say question_with(const std::string &prompt) {
  Say question = Say(Step::Ask, message::kElsewhere).with(detail::kPrompt, prompt);
  question.longest_text = ssh::kMaxRegistration + kAround;
  question.patience = Challenge::kLifetime;
  return question;
}

Result<ssh::MadeRegistration> read(const std::string &text) {
  Result<ssh::MadeRegistration> made = ssh::read_registration(text);
  if (!made) return Error{ErrorKind::InvalidInput, made.error().sentence};
  const std::string &device = made->registration.device;
  if (device.size() > credential_row::kMaxDevice || !is_printable(device))
    return Error{ErrorKind::InvalidInput, "the authenticator's name cannot be shown on one line"};
  return made;
}

Task<Result<ssh::MadeRegistration>> ask(Face &face, std::string prompt) {
  for (int tries = 1;; ++tries) {
    Say question = question_with(prompt);
    const Answer answer = co_await face.ask(std::move(question));
    if (answer.text.empty()) co_return Error{ErrorKind::Cancelled, "nothing was pasted"};
    Result<ssh::MadeRegistration> made = read(answer.text);
    if (made || tries == kMostTries) co_return made;
    face.tell(say_error(Step::Tell, made.error()).with(detail::kNext, std::string(next::kAgain)));
  }
}

}  // namespace

Task<Result<Made>> make_elsewhere(House &house, Face &face, Account account, std::vector<Credential> others,
                                  std::string &device) {
  const UserVerification wanted = house.config.general.user_verification;
  Result<Challenge> challenge =
      Challenge::make(Ceremony::Create, house.rp_id, account, wanted, house.clock.boot());
  if (!challenge) co_return challenge.error();
  Result<Bytes> handle = random_handle();
  if (!handle) co_return handle.error();
  const ssh::RegistrationPrompt prompt{house.rp_id.str(), challenge->random(), account.name.str(),
                                       handle.value(),    excluded(others),    wanted};
  Result<ssh::MadeRegistration> made = co_await ask(face, ssh::write(prompt));
  if (!made) co_return made.error();
  device = made->registration.device;
  co_return Made{made->platform ? Way::Client : Way::Usb,
                 std::move(made->registration),
                 std::move(challenge).value(),
                 std::move(handle).value(),
                 made->sensor,
                 {}};
}

}  // namespace passkeyd
