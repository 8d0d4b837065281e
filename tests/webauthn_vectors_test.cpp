/// The test vectors of Web Authentication Level 3: all of them, each with the outcome it must have here.
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/check.h"
#include "tests/webauthn_kit.h"
#include "webauthn/cbor.h"

using namespace passkeyd;
using namespace passkeyd::test;
using Json = nlohmann::json;

namespace {

struct Outcome {
  std::string registration;    ///< "registered" or the refusal
  std::string authentication;  ///< "granted" or the refusal
};

/// Every case of the file. Assertions under keys whose attestation is refused are judged all the same.
const std::map<std::string, Outcome> kOutcomes = {
    {"none-es256", {"registered", "granted"}},
    {"packed-self-es256", {"registered", "granted"}},
    {"none-es256-crossOrigin", {"client-data", "client-data"}},
    {"none-es256-topOrigin", {"client-data", "client-data"}},
    {"none-es256-long-credential-id", {"registered", "granted"}},
    {"packed-es256", {"registered", "granted"}},
    {"packed-es384", {"algorithm-wrong", "algorithm-wrong"}},
    {"packed-es512", {"algorithm-wrong", "algorithm-wrong"}},
    {"packed-rs256", {"algorithm-wrong", "algorithm-wrong"}},  // 3488 bits: libfido2 verifies 2048
    {"packed-eddsa", {"registered", "granted"}},
    {"packed-ed448", {"algorithm-wrong", "algorithm-wrong"}},
    {"tpm-es256", {"attestation-wrong", "granted"}},
    {"android-key-es256", {"attestation-wrong", "granted"}},
    {"apple-es256", {"attestation-wrong", "granted"}},
    {"fido-u2f-es256", {"registered", "granted"}},
};

const Json &vectors() {
  static const Json parsed = Json::parse(read_data("webauthn-level3-vectors.json"));
  return parsed;
}

Bytes bytes_at(const Json &part, const char *name) {
  const auto bytes = from_hex(part.at(name).get<std::string>());
  CHECK(bytes);
  return *bytes;
}

std::string text_at(const Json &part, const char *name) {
  const Bytes bytes = bytes_at(part, name);
  return {bytes.begin(), bytes.end()};
}

Challenge challenge_of(const Json &part, Ceremony ceremony) {
  Asked asked{.ceremony = ceremony, .random = bytes_at(part, "challenge")};
  asked.rp = rp_id(vectors().at("rp_id").get<std::string>());
  return asked.challenge();
}

Registration registration_of(const Json &part) {
  const Bytes object = bytes_at(part, "attestationObject");
  Registration registration;
  cbor::Reader reader(object);
  CHECK(reader.map() == 3);
  CHECK(reader.text() == "fmt");
  registration.format = *reader.text();
  CHECK(reader.text() == "attStmt");
  registration.attestation = copy_of(*reader.any_item());
  CHECK(reader.text() == "authData");
  registration.authenticator_data = copy_of(*reader.byte_string());
  CHECK(reader.at_end());
  registration.client_data = text_at(part, "clientDataJSON");
  return registration;
}

/// What the ledger would hold if this registration had been taken without a look at its attestation.
Credential credential_of(const Registration &registration) {
  const AuthenticatorData data = MUST(AuthenticatorData::parse(registration.authenticator_data));
  return Credential{.id = data.attested->id,
                    .key = {Algorithm::Es256, data.attested->cose},
                    .rp_id = rp_id(vectors().at("rp_id").get<std::string>()),
                    .owner = account(),
                    .backup_eligible = data.has(flag::kBackupEligible)};
}

Verification authenticate(Credential credential, const Json &part) {
  credential.state = CredentialState::Active;
  const Assertion assertion{credential.id, bytes_at(part, "authenticatorData"), bytes_at(part, "signature"),
                            text_at(part, "clientDataJSON")};
  return verify(credential, challenge_of(part, Ceremony::Get), assertion, kMadeAt);
}

std::string outcome_of(const Verification &verification) {
  return verification.verdict == Verdict::Granted ? "granted" : std::string(name_of(verification.refusal));
}

void judge(const std::string &name, const Json &entry) {
  const auto expected = kOutcomes.find(name);
  CHECK(expected != kOutcomes.end());
  const Registration registration = registration_of(entry.at("registration"));
  const Result<Credential> enrolled =
      verify_registration(challenge_of(entry.at("registration"), Ceremony::Create), registration, kMadeAt);
  const std::string sentence = enrolled ? "registration refused: registered" : enrolled.error().sentence;
  const std::string registered = sentence.substr(sentence.rfind(' ') + 1);

  const Json &authentication = entry.at("authentication");
  Credential credential = enrolled ? enrolled.value() : credential_of(registration);
  const bool uv = (bytes_at(authentication, "authenticatorData").at(32) & flag::kUserVerified) != 0;
  std::string note;
  if (credential.user_verification && !uv) {
    // Enrolled with user verification and used without: our own rule refuses it, so it is tried without.
    CHECK(authenticate(credential, authentication).refusal == Refusal::NoUserVerification);
    note = " (no-user-verification while its rule stands)";
    credential.user_verification = false;
  }
  const std::string granted = outcome_of(authenticate(credential, authentication));
  std::printf("  %-30s registration: %-18s authentication: %s%s\n", name.c_str(), registered.c_str(),
              granted.c_str(), note.c_str());
  CHECK(registered == expected->second.registration);
  CHECK(granted == expected->second.authentication);

  if (!enrolled) return;
  CHECK(to_hex(credential.id) == entry.at("registration").at("credential_id").get<std::string>());
  CHECK(to_hex(credential.aaguid) == entry.at("registration").at("aaguid").get<std::string>());
}

void every_published_vector_has_the_outcome_it_must_have() {
  std::set<std::string> seen;
  for (const Json &entry : vectors().at("cases")) {
    const auto name = entry.at("name").get<std::string>();
    CHECK(seen.insert(name).second);
    judge(name, entry);
  }
  CHECK(seen.size() == kOutcomes.size());
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {TEST(every_published_vector_has_the_outcome_it_must_have)};
  return cmocka_run_group_tests_name("webauthn-vectors", tests, nullptr, nullptr);
}
