/// The computer in front of a person, as the tests need it: makes passkeys for machines elsewhere, signs with
/// them, and plays such a machine. Lines of standard input are prompts first, then PINs, one for each
/// question.
///
/// usage: near make            what passkey-askpass --enroll does, with the one security key that is plugged
/// in
///        near guest-make USER    the same with this computer's TPM, through the local passkeyd
///        near guest-any USER      is there any such key?
///        near guest-prove USER HOST   answers an assertion prompt with it, as for the host of that name
///        near ask RP-ID ACCOUNT   a machine elsewhere asks for a passkey
///        near take               reads that prompt and the answer; prints an assertion prompt for the new
///        key near judge HOST         reads registration prompt, its answer, assertion prompt, its answer:
///        the verdict
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "client/bus.h"
#include "ssh/askpass/this_computer.h"
#include "ssh/relay.h"
#include "usb/authenticator.h"
#include "webauthn/verify.h"

namespace passkeyd {
namespace {

constexpr BootTime kThen{std::chrono::hours(1)};

struct NoCues final : Cues {
  void touch() override {}
  void verify() override {}
};

/// Everything is said on standard error, every question answered with a line of standard input.
struct Lines final : Conversation {
  Status tell(Tone, const std::string &text) override {
    std::cerr << text << std::endl;
    return Ok{};
  }
  Result<std::optional<Secret>> ask_secret(const std::string &prompt) override {
    std::cerr << prompt << std::endl;
    std::string line;
    if (!std::getline(std::cin, line) || line.empty()) return std::optional<Secret>();
    return std::optional<Secret>(TRY(Secret::parse(line)));
  }
  Result<std::optional<std::string>> ask(const std::string &) override {
    return std::optional<std::string>();
  }
  Result<std::optional<std::size_t>> choose(const std::string &, const std::vector<std::string> &) override {
    return std::optional<std::size_t>();
  }
};

std::string next_line() {
  std::string line;
  std::getline(std::cin, line);
  return line;
}

Result<ssh::RegistrationPrompt> registration_prompt() {
  std::optional<ssh::RegistrationPrompt> prompt = TRY(ssh::read_registration_prompt(next_line()));
  if (!prompt) return Error{ErrorKind::InvalidInput, "no registration prompt"};
  return *std::move(prompt);
}

Result<RegistrationRequest> request_for(const ssh::RegistrationPrompt &prompt) {
  RpId rp_id = TRY(RpId::parse(prompt.rp_id));
  const std::string origin = rp_id.origin();
  return RegistrationRequest{
      std::move(rp_id),         client_data_json(Ceremony::Create, prompt.challenge, origin),
      prompt.user_verification, prompt.user_name,
      prompt.user_handle,       prompt.exclude};
}

/// Client data may have members that nobody knows.
void pad(std::string &client_data, std::size_t bytes) {
  if (bytes == 0) return;
  client_data.pop_back();
  client_data += ",\"more\":\"" + std::string(bytes, 'x') + "\"}";
}

/// `computer`: nullptr: the security key.
Result<std::string> make(askpass::ThisComputer *computer, Conversation *person, std::size_t padding) {
  const ssh::RegistrationPrompt prompt = TRY(registration_prompt());
  RegistrationRequest request = TRY(request_for(prompt));
  pad(request.client_data, padding);
  NoCues cues;
  if (computer != nullptr) return ssh::write(TRY(computer->enroll(request, *person)));
  const std::vector<KeyInfo> keys = TRY(plugged_keys());
  if (keys.empty()) return Error{ErrorKind::NoDevice, "no key"};
  UsbAuthenticator key(keys.front());
  const std::string typed = next_line();
  const Secret pin = TRY(Secret::parse(typed));
  const Registration made = TRY(key.enroll(request, typed.empty() ? nullptr : &pin, cues));
  return ssh::write({made, false, false});
}

Result<ssh::AssertionPrompt> assertion_prompt() {
  std::optional<ssh::AssertionPrompt> prompt = TRY(ssh::read_assertion_prompt(next_line()));
  if (!prompt) return Error{ErrorKind::InvalidInput, "no assertion prompt"};
  return *std::move(prompt);
}

Result<std::string> prove(askpass::ThisComputer &computer, Conversation &person, const std::string &origin) {
  const ssh::AssertionPrompt prompt = TRY(assertion_prompt());
  RpId rp_id = TRY(RpId::parse(prompt.rp_id));
  AssertionRequest request{std::move(rp_id),
                           client_data_json(Ceremony::Get, prompt.challenge, origin),
                           prompt.user_verification,
                           {}};
  for (const Bytes &id : prompt.allowed) request.allowed.push_back({id, {}, 0});
  const std::optional<Assertion> assertion = TRY(computer.prove(request, person));
  if (!assertion) return Error{ErrorKind::NoCredential, "none of these is here"};
  return ssh::write(*assertion, prompt);
}

// --- the machine elsewhere
// -------------------------------------------------------------------------------------------

Account account_of(const ssh::RegistrationPrompt &prompt) {
  return {UserName::parse(prompt.user_name).value(), 1000};
}

Result<std::string> ask(const char *rp_id, const char *account) {
  RpId there = TRY(RpId::parse(rp_id));
  UserName user = TRY(UserName::parse(account));
  const Challenge challenge = TRY(Challenge::make(Ceremony::Create, std::move(there), {std::move(user), 1000},
                                                  UserVerification::Required, kThen));
  return ssh::write({rp_id, challenge.random(), account, Bytes(32, 7), {}, UserVerification::Required});
}

Result<Credential> taken(const ssh::RegistrationPrompt &prompt) {
  const ssh::MadeRegistration made = TRY(ssh::read_registration(next_line()));
  RpId rp_id = TRY(RpId::parse(prompt.rp_id));
  Challenge challenge = TRY(Challenge::from_bytes(prompt.challenge, Ceremony::Create, std::move(rp_id),
                                                  account_of(prompt), prompt.user_verification, kThen));
  Credential credential = TRY(verify_registration(std::move(challenge), made.registration, kThen));
  credential.state = CredentialState::Active;
  credential.way = made.platform ? Way::Client : Way::Usb;
  return credential;
}

Result<std::string> take() {
  const ssh::RegistrationPrompt prompt = TRY(registration_prompt());
  const Credential credential = TRY(taken(prompt));
  const Challenge challenge = TRY(
      Challenge::make(Ceremony::Get, credential.rp_id, credential.owner, UserVerification::Required, kThen));
  return ssh::write(ssh::AssertionPrompt{
      credential.rp_id.str(), challenge.random(), {credential.id}, UserVerification::Required});
}

Result<std::string> judge(const std::string &host) {
  const ssh::RegistrationPrompt prompt = TRY(registration_prompt());
  const Credential credential = TRY(taken(prompt));
  const ssh::AssertionPrompt asked = TRY(assertion_prompt());
  const Assertion assertion = TRY(ssh::read_assertion(next_line(), asked.allowed));
  Challenge challenge = TRY(Challenge::from_bytes(asked.challenge, Ceremony::Get, credential.rp_id,
                                                  credential.owner, UserVerification::Required, kThen));
  challenge.expect_origins({ssh::origin_of(host)});
  const Verification found = verify(credential, std::move(challenge), assertion, kThen);
  return std::string(name_of(credential.way)) + " " +
         (found.verdict == Verdict::Granted ? "granted" : std::string(name_of(found.refusal)));
}

Result<std::string> at_the_daemon(const std::vector<std::string> &words) {
  const std::unique_ptr<askpass::ThisComputer> computer = askpass::ThisComputer::find();
  if (!computer) return Error{ErrorKind::Disconnected, "no passkeyd answers"};
  Lines lines;
  if (words[0] == "guest-make") return make(computer.get(), &lines, 0);
  if (words[0] == "guest-any") return std::string(computer->holds_any() ? "yes" : "no");
  return prove(*computer, lines,
               words[2].find("://") == std::string::npos ? ssh::origin_of(words[2]) : words[2]);
}

Result<std::string> run(const std::vector<std::string> &words) {
  if (words[0] == "make") return make(nullptr, nullptr, std::stoul(words[1]));
  if (words[0] == "ask") return ask(words[1].c_str(), words[2].c_str());
  if (words[0] == "take") return take();
  if (words[0] == "judge") return judge(words[1]);
  return at_the_daemon(words);
}

}  // namespace
}  // namespace passkeyd

int main(int argc, char **argv) {
  const passkeyd::Result<std::string> done = passkeyd::run({argv + 1, argv + argc});
  if (done) return std::printf("%s\n", done->c_str()), 0;
  const std::string kind(passkeyd::name_of(done.error().kind));
  std::printf("error %s %s\n", kind.c_str(), done.error().sentence.c_str());
  return 1;
}
