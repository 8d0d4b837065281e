/// Answers that others made: the test vectors of Web Authentication Level 3, all of them, each with the
/// outcome it must have here; and what Chromium's virtual authenticator answered. tests/data/README.md says
/// more.
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

constexpr std::string_view kPublished = "example.org";         // RP ID of the published vectors
constexpr std::string_view kRecorded = "workstation.example";  // and of what Chromium answered

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

Bytes bytes_at(const Json &part, const char *name) {
  const auto bytes = from_hex(part.at(name).get<std::string>());
  CHECK(bytes);
  return *bytes;
}

std::string text_at(const Json &part, const char *name) {
  const Bytes bytes = bytes_at(part, name);
  return {bytes.begin(), bytes.end()};
}

Challenge challenge_of(const Json &part, Ceremony ceremony, std::string_view rp,
                       UserVerification uv = UserVerification::Preferred) {
  return Asked{ceremony, bytes_at(part, "challenge"), rp_id(rp), account(), uv, kMadeAt}.challenge();
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
                    .rp_id = rp_id(kPublished),
                    .owner = account(),
                    .backup_eligible = data.has(flag::kBackupEligible)};
}

Verification authenticate(Credential credential, const Json &part,
                          UserVerification uv = UserVerification::Preferred) {
  credential.state = CredentialState::Active;
  const Assertion assertion{credential.id, bytes_at(part, "authenticatorData"), bytes_at(part, "signature"),
                            text_at(part, "clientDataJSON")};
  return verify(credential, challenge_of(part, Ceremony::Get, credential.rp_id.str(), uv), assertion,
                kMadeAt);
}

std::string outcome_of(const Verification &verification) {
  return verification.verdict == Verdict::Granted ? "granted" : std::string(name_of(verification.refusal));
}

void judge(const std::string &name, const Json &entry) {
  const auto expected = kOutcomes.find(name);
  CHECK(expected != kOutcomes.end());
  const Registration registration = registration_of(entry.at("registration"));
  const Result<Credential> enrolled = verify_registration(
      challenge_of(entry.at("registration"), Ceremony::Create, kPublished), registration, kMadeAt);
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
  const Json vectors = Json::parse(read_data("webauthn-level3-vectors.json"));
  for (const Json &entry : vectors.at("cases")) {
    const auto name = entry.at("name").get<std::string>();
    CHECK(seen.insert(name).second);
    judge(name, entry);
  }
  CHECK(seen.size() == kOutcomes.size());
}

/// Client data from the browser is what we would have written; it may only have more members at the end.
void compare_client_data(const Json &part, Ceremony ceremony) {
  std::string ours = challenge_of(part, ceremony, kRecorded).client_data();
  CHECK(ours.back() == '}');
  ours.pop_back();
  CHECK(text_at(part, "clientDataJSON").starts_with(ours));
}

void chromium_enrolls_and_signs_in() {
  const std::map<std::string, Algorithm> algorithms = {
      {"packed-es256", Algorithm::Es256}, {"none-es256", Algorithm::Es256},
      {"synced-es256", Algorithm::Es256}, {"packed-eddsa", Algorithm::EdDsa},
      {"packed-rs256", Algorithm::Rs256}, {"fido-u2f-es256", Algorithm::Es256}};
  const Json recorded = Json::parse(read_data("chromium-assertion.json"));
  CHECK(recorded.at("rp_id") == kRecorded && recorded.at("cases").size() == algorithms.size());
  for (const Json &entry : recorded.at("cases")) {
    const auto name = entry.at("name").get<std::string>();
    const auto uv = *user_verification_of(entry.at("user_verification").get<std::string>());
    const Json &created = entry.at("registration");
    compare_client_data(created, Ceremony::Create);
    const Registration registration = registration_of(created);
    CHECK(registration.format == name.substr(0, name.rfind('-')) || name == "synced-es256");
    Credential credential = MUST(
        verify_registration(challenge_of(created, Ceremony::Create, kRecorded, uv), registration, kMadeAt));
    CHECK(credential.id == bytes_at(created, "credential_id"));
    CHECK(credential.key.algorithm == algorithms.at(name));
    CHECK(credential.user_verification == (uv == UserVerification::Required));
    CHECK(credential.backup_eligible == (name == "synced-es256"));

    CHECK(!entry.at("authentications").empty());
    for (const Json &part : entry.at("authentications")) {
      compare_client_data(part, Ceremony::Get);
      const Verification verification = authenticate(credential, part, uv);
      CHECK(verification.verdict == Verdict::Granted);
      CHECK(verification.counter > credential.counter);
      credential.counter = verification.counter;
      CHECK(authenticate(credential, part, uv).refusal == Refusal::CounterWentBack);  // the same once more
    }
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {TEST(every_published_vector_has_the_outcome_it_must_have),
                              TEST(chromium_enrolls_and_signs_in)};
  return cmocka_run_group_tests_name("webauthn-vectors", tests, nullptr, nullptr);
}
