/// What the far end of passkey-askpass knows, as a program for tests: it makes the lines and prompts of a
/// server and judges what comes back with the one verifier. What it must remember lies in a folder.
///
///   far-end FOLDER new RP-ID USER VERIFICATION    prints the line for passkey-askpass --enroll; excludes
///   what is
///                                                 enrolled already
///   far-end FOLDER made                           judges the answer on standard input, and keeps it
///   far-end FOLDER challenge RP-ID VERIFICATION [STRANGERS]   prints the prompt; that many other ids come
///   first far-end FOLDER judge NAME...                  judges the answer on standard input, made for one of
///   these names
#include <sys/random.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "ssh/relay.h"
#include "webauthn/rp_id.h"
#include "webauthn/verify.h"

namespace passkeyd {
namespace {

using Words = std::vector<std::string>;

struct Bad {
  std::string what;
};

template <class T>
T must(Result<T> result) {
  if (!result) throw Bad{result.error().sentence};
  return std::move(result).value();
}

std::string folder;

std::string kept(const std::string &name) {
  std::ifstream file(folder + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void keep(const std::string &name, std::string_view text) {
  std::ofstream(folder + "/" + name, std::ios::binary) << text;
}

Bytes fresh() {
  Bytes bytes(32);
  if (getrandom(bytes.data(), bytes.size(), 0) != 32) throw Bad{"no random bytes"};
  return bytes;
}

std::string_view text_of(const Bytes &bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

std::string read_line() {
  std::string line;
  std::getline(std::cin, line);
  return line;
}

UserVerification verification(const std::string &name) {
  const std::optional<UserVerification> found = user_verification_of(name);
  if (!found) throw Bad{"no such verification: " + name};
  return *found;
}

/// The challenge that was kept as `name`, asked anew.
Challenge challenge_of(const std::string &name, Ceremony ceremony) {
  RpId rp_id = must(RpId::parse(kept(name + ".rp-id")));
  Account alice{must(UserName::parse("alice")), 1000};
  return must(Challenge::from_bytes(bytes_of(kept(name)), ceremony, std::move(rp_id), std::move(alice),
                                    verification(kept(name + ".verification")), SystemClock().boot()));
}

Bytes keep_challenge(const std::string &name, const std::string &rp_id, const std::string &how) {
  Bytes random = fresh();
  keep(name, text_of(random));
  keep(name + ".rp-id", rp_id);
  keep(name + ".verification", how);
  return random;
}

Credential credential_of(const std::string &challenge, const ssh::MadeRegistration &made) {
  Challenge asked = challenge_of(challenge, Ceremony::Create);
  Credential credential =
      must(verify_registration(std::move(asked), made.registration, SystemClock().boot()));
  credential.state = CredentialState::Active;
  return credential;
}

Credential enrolled() {
  return credential_of("made.new", must(ssh::read_registration(kept("made"))));
}

/// Those of strangers, then the one that is enrolled, if any is.
std::vector<Bytes> ids(int strangers) {
  std::vector<Bytes> all;
  for (int at = 0; at < strangers; ++at) all.emplace_back(64, static_cast<std::uint8_t>(at + 1));
  if (!kept("made").empty()) all.push_back(enrolled().id);
  return all;
}

std::vector<Bytes> allowed() {
  return ids(std::stoi(kept("strangers")));
}

int make_new(const Words &words) {
  ssh::RegistrationPrompt prompt;
  prompt.rp_id = words.at(0);
  prompt.user_name = words.at(1);
  prompt.user_verification = verification(words.at(2));
  prompt.challenge = keep_challenge("new", words.at(0), words.at(2));
  prompt.user_handle = fresh();
  prompt.exclude = ids(words.size() > 3 ? std::stoi(words[3]) : 0);
  std::printf("%s\n", ssh::write(prompt).c_str());
  return 0;
}

int take_made(const Words &) {
  const std::string line = read_line();
  const ssh::MadeRegistration made = must(ssh::read_registration(line));
  const Credential credential = credential_of("new", made);
  keep("made", line);
  for (const char *part : {"", ".rp-id", ".verification"})
    keep(std::string("made.new") + part, kept(std::string("new") + part));
  std::printf("%s verified=%d sensor=%d platform=%d length=%zu\n", made.registration.format.c_str(),
              credential.user_verification ? 1 : 0, made.sensor ? 1 : 0, made.platform ? 1 : 0, line.size());
  return 0;
}

int make_challenge(const Words &words) {
  keep("strangers", words.size() > 2 ? words[2] : "0");
  ssh::AssertionPrompt prompt;
  prompt.rp_id = words.at(0);
  prompt.user_verification = verification(words.at(1));
  prompt.challenge = keep_challenge("challenge", words.at(0), words.at(1));
  prompt.allowed = allowed();
  std::printf("%s", ssh::write(prompt).c_str());
  return 0;
}

int judge(const Words &names) {
  const Assertion assertion = must(ssh::read_assertion(read_line(), allowed()));
  Challenge challenge = challenge_of("challenge", Ceremony::Get);
  std::vector<std::string> origins;
  for (const std::string &name : names) origins.push_back(ssh::origin_of(name));
  challenge.expect_origins(std::move(origins));
  const Verification verdict = verify(enrolled(), std::move(challenge), assertion, SystemClock().boot());
  const bool granted = verdict.verdict == Verdict::Granted;
  std::printf("%s\n", granted ? "granted" : std::string(name_of(verdict.refusal)).c_str());
  return granted ? 0 : 1;
}

int run(const Words &words) {
  if (words.size() < 2) throw Bad{"see the top of far_end.cpp"};
  folder = words[0];
  const Words rest(words.begin() + 2, words.end());
  if (words[1] == "new") return make_new(rest);
  if (words[1] == "made") return take_made(rest);
  if (words[1] == "challenge") return make_challenge(rest);
  if (words[1] == "judge") return judge(rest);
  throw Bad{"no such verb: " + words[1]};
}

}  // namespace
}  // namespace passkeyd

int main(int argc, char **argv) {
  try {
    return passkeyd::run({argv + 1, argv + argc});
  } catch (const passkeyd::Bad &bad) {
    std::fprintf(stderr, "far-end: %s\n", bad.what.c_str());
  } catch (const std::exception &bad) {
    std::fprintf(stderr, "far-end: %s\n", bad.what());
  }
  return 2;
}
