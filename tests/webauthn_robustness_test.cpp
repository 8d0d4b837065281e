/// Twenty thousand changes to good answers, picked by a fixed seed: none crashes the verifier, none
/// is granted, and none gets a changed key enrolled.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/check.h"
#include "tests/webauthn_kit.h"
#include "webauthn/cbor.h"
#include "webauthn/public_key.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr int kRounds = 20'000;

/// A seeded source of changes.
class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  /// One to four changes; `bytes` is not what it was afterwards.
  template <class Container>
  void change(Container &bytes) {
    const Container before = bytes;
    while (bytes == before)
      for (std::size_t left = 1 + below(4); left > 0; --left) change_once(bytes);
  }

 private:
  template <class Container>
  void change_once(Container &bytes) {
    using Byte = typename Container::value_type;
    const std::size_t at = below(bytes.size());
    const auto where = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto byte = static_cast<Byte>(interesting());
    switch (bytes.empty() ? 2 : below(7)) {
      case 0:
        bytes[at] = static_cast<Byte>(static_cast<unsigned char>(bytes[at]) ^ (1U << below(8)));
        break;
      case 1:
        bytes[at] = byte;
        break;
      case 2:
        bytes.insert(where, byte);
        break;
      case 3:
        bytes.erase(where);
        break;
      case 4:
        bytes.resize(at);
        break;
      case 5: {  // a stretch of it once more
        const Container stretch(where, where + static_cast<std::ptrdiff_t>(1 + below(bytes.size() - at)));
        const auto to = bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size() + 1));
        bytes.insert(to, stretch.begin(), stretch.end());
        break;
      }
      default:
        bytes.insert(where, 1 + below(300), byte);
    }
  }

  /// Any byte; often one that means something in CBOR, JSON or as a length.
  unsigned interesting() {
    constexpr unsigned char kOften[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x41, 0xc5, 0x18, 0x1b, 0x58, 0x5b,
                                        0x9b, 0x9f, 0xa0, 0xbb, 0xbf, 0xf5, '"',  '{',  '[',  '\\', ','};
    return below(2) == 0 ? kOften[below(sizeof kOften)] : static_cast<unsigned>(below(256));
  }

  std::mt19937_64 random_;
};

/// Good answers, signed once and changed many times.
const std::vector<Login> &good_logins() {
  static const std::vector<Login> logins = {Login(key_of(Algorithm::Es256)), Login(key_of(Algorithm::EdDsa)),
                                            Login(key_of(Algorithm::Rs256))};
  return logins;
}

/// Attested by the key itself, and by a certificate.
std::vector<Enrollment> good_enrollments() {
  std::vector<Enrollment> enrollments;
  for (const Algorithm algorithm : kAlgorithms) {
    Enrollment enrollment(key_of(algorithm));
    enrollment.attest_packed();
    enrollments.push_back(enrollment);
    enrollment.attest_packed(key_of(algorithm), kAaguid);
    enrollments.push_back(enrollment);
  }
  return enrollments;
}

template <class Good>
const Good &any_of(const std::vector<Good> &all, Mutator &mutator) {
  return all[mutator.below(all.size())];
}

void no_changed_assertion_is_ever_granted() {
  Mutator mutator(20240517);
  std::set<Refusal> seen;
  for (int round = 0; round < kRounds; ++round) {
    Login login = any_of(good_logins(), mutator);
    Assertion &assertion = login.assertion;
    switch (mutator.below(4)) {
      case 0:
        mutator.change(assertion.authenticator_data);
        break;
      case 1:
        mutator.change(assertion.signature);
        break;
      case 2:
        mutator.change(assertion.client_data);
        break;
      default:
        mutator.change(assertion.credential_id);
    }
    const Verification verification = login.verify();
    CHECK(verification.verdict == Verdict::Denied && verification.refusal != Refusal::None);
    seen.insert(verification.refusal);
  }
  CHECK(seen.size() >= 8);  // the changes reach many rules, not only the first
}

void no_changed_enrollment_brings_in_another_key() {
  const std::vector<Enrollment> good = good_enrollments();
  Mutator mutator(20240518);
  int registered = 0;
  for (int round = 0; round < kRounds; ++round) {
    Enrollment enrollment = any_of(good, mutator);
    Registration &registration = enrollment.registration;
    switch (mutator.below(5)) {
      case 0:
      case 1:
        mutator.change(registration.authenticator_data);
        break;
      case 2:
      case 3:
        mutator.change(registration.attestation);
        break;
      default:
        mutator.change(registration.client_data);
    }
    const Result<Credential> credential = enrollment.verify();
    if (!credential) continue;
    // Only what no signature covers can have changed: the inside of a certificate that nobody checks.
    ++registered;
    CHECK(credential->id == enrollment.attested.id && credential->key.cose == enrollment.key->cose());
    CHECK(credential->aaguid == kAaguid);
  }
  std::printf("  %d of %d changes were to what no signature covers\n", registered, kRounds);
  CHECK(registered < kRounds / 20);
}

void an_enrollment_nobody_attests_is_parsed_without_a_crash() {
  const std::vector<Enrollment> good = {Enrollment(key_of(Algorithm::Es256)),
                                        Enrollment(key_of(Algorithm::EdDsa)),
                                        Enrollment(key_of(Algorithm::Rs256))};
  Mutator mutator(20240519);
  for (int round = 0; round < kRounds; ++round) {
    Enrollment enrollment = any_of(good, mutator);
    mutator.change(enrollment.registration.authenticator_data);
    const Result<Credential> credential = enrollment.verify();
    if (!credential) continue;
    CHECK(!credential->id.empty() && credential->id.size() <= 1023);
    CHECK(VerifyKey::from_cose(credential->key.cose));
  }
}

void a_damaged_stored_key_never_crashes() {
  Mutator mutator(20240520);
  for (int round = 0; round < kRounds; ++round) {
    Login login = any_of(good_logins(), mutator);
    mutator.change(login.credential.key.cose);
    const Verification verification = login.verify();
    CHECK((verification.verdict == Verdict::Granted) == (verification.refusal == Refusal::None));
  }
}

void noise_is_parsed_without_a_crash() {
  Mutator mutator(20240521);
  for (int round = 0; round < kRounds; ++round) {
    Bytes noise;
    mutator.change(noise);
    for (std::size_t more = mutator.below(40); more > 0; --more) mutator.change(noise);
    cbor::Reader reader(noise);
    if (const auto item = reader.any_item()) CHECK(item->size() + reader.rest().size() == noise.size());
    (void)VerifyKey::from_cose(noise);
    noise.insert(noise.begin(), AuthenticatorData::kMinBytes, 0xc1);
    (void)AuthenticatorData::parse(noise);
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(no_changed_assertion_is_ever_granted),
      TEST(no_changed_enrollment_brings_in_another_key),
      TEST(an_enrollment_nobody_attests_is_parsed_without_a_crash),
      TEST(a_damaged_stored_key_never_crashes),
      TEST(noise_is_parsed_without_a_crash),
  };
  return cmocka_run_group_tests_name("webauthn-robustness", tests, nullptr, nullptr);
}
