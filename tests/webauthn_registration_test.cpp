/// Enrollments: what is taken of a good one, and the rule that refuses each bad one.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tests/check.h"
#include "tests/webauthn_kit.h"
#include "webauthn/cbor.h"
#include "webauthn/cose.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr std::uint8_t kUp = flag::kUserPresent;
constexpr std::uint8_t kUv = flag::kUserVerified;
constexpr std::uint8_t kBe = flag::kBackupEligible;
constexpr std::uint8_t kBs = flag::kBackedUp;

const TestKey &es256() {
  return key_of(Algorithm::Es256);
}

void must(const Enrollment &enrollment, std::string_view expected, const std::string &what = "") {
  const std::string seen = enrollment.outcome();
  if (seen != expected)
    fail_at(__FILE__, __LINE__, what + ": " + seen + ", expected " + std::string(expected));
}

using Change = std::function<void(Enrollment &)>;

/// Changes a good enrollment, writes and attests it anew with each key's own signature, expects the outcome.
void rewritten(std::string_view expected, const Change &change, const std::string &what = "") {
  for (const Algorithm algorithm : kAlgorithms) {
    Enrollment enrollment(key_of(algorithm));
    change(enrollment);
    enrollment.write_data();
    enrollment.attest_packed();
    must(enrollment, expected, what);
  }
}

/// The change comes after the data was written, before it is attested.
void reattested(std::string_view expected, const Change &change, const std::string &what = "") {
  for (const Algorithm algorithm : kAlgorithms) {
    Enrollment enrollment(key_of(algorithm));
    change(enrollment);
    enrollment.attest_packed();
    must(enrollment, expected, what);
  }
}

void each_format_and_algorithm_enrolls() {
  for (const Algorithm algorithm : kAlgorithms) {
    Enrollment enrollment(key_of(algorithm));
    must(enrollment, "registered", "none");
    enrollment.attest_packed();
    must(enrollment, "registered", "packed, self");
    for (const Algorithm issuer : kAlgorithms) {
      enrollment.attest_packed(key_of(issuer), std::nullopt);
      must(enrollment, "registered", "packed");
      enrollment.attest_packed(key_of(issuer), kAaguid);
      must(enrollment, "registered", "packed, AAGUID named");
    }
  }
  Enrollment u2f(es256());
  u2f.attest_u2f(TestKey(Algorithm::Es256));
  must(u2f, "registered", "fido-u2f");
}

void an_enrollment_fills_in_what_was_attested() {
  Enrollment enrollment(es256());
  enrollment.flags = kUp | kUv | kBe | kBs;
  enrollment.registration.max_allow_list = 8;
  enrollment.registration.platform = {1, 2, 3};
  enrollment.write_data();
  enrollment.registration.authenticator_data[36] = 42;  // counter
  enrollment.attest_packed();
  const Credential credential = MUST(enrollment.verify());
  CHECK(credential.id == enrollment.attested.id);
  CHECK(credential.key.algorithm == Algorithm::Es256 && credential.key.cose == es256().cose());
  CHECK(credential.rp_id == rp_id() && credential.owner == account());
  CHECK(credential.aaguid == kAaguid && credential.device == "Test Key");
  CHECK(credential.user_verification && credential.backup_eligible && credential.backed_up);
  CHECK(credential.counter == 42 && credential.max_allow_list == 8);
  CHECK((credential.platform == Bytes{1, 2, 3}));
  // For the ledger to fill in; until then the credential opens nothing.
  CHECK(credential.row == 0 && credential.name.empty() && credential.state == CredentialState::Revoked);
}

void an_enrolled_credential_signs_in() {
  for (const Algorithm algorithm : kAlgorithms) {
    const Credential enrolled = MUST(Enrollment(key_of(algorithm)).verify());
    Login login(key_of(algorithm));
    login.credential = enrolled;
    CHECK(login.verify().refusal == Refusal::CredentialInactive);
    login.credential.state = CredentialState::Active;
    CHECK(login.verify().verdict == Verdict::Granted);
  }
}

void each_flag_is_held_to_its_rule() {
  const auto with = [](std::uint8_t flags) { return [=](Enrollment &e) { e.flags = flags; }; };
  rewritten("no-user-presence", with(0));
  rewritten("no-user-presence", with(kUv));
  rewritten("registered", with(kUp | kUv));
  rewritten("registered", with(kUp | kBe));
  rewritten("registered", with(kUp | kBe | kBs));
  rewritten("backup-flags-wrong", with(kUp | kBs));
  rewritten("no-user-verification",
            [](Enrollment &e) { e.asked.user_verification = UserVerification::Required; });
  rewritten("registered", [](Enrollment &e) {
    e.asked.user_verification = UserVerification::Required;
    e.flags = kUp | kUv;
  });
  reattested("malformed", [](Enrollment &e) {  // no attested credential data
    e.registration.authenticator_data = make_authenticator_data(rp_id(), kUp, 0);
  });
}

void an_answer_to_something_else_is_refused() {
  reattested("rp-id-wrong", [](Enrollment &e) { e.registration.authenticator_data[0] ^= 1; });
  reattested("challenge-wrong", [](Enrollment &e) { e.asked.random[0] ^= 1; });
  reattested("origin-wrong", [](Enrollment &e) { e.asked.rp = rp_id("other.example"); });
  reattested("client-data", [](Enrollment &e) { e.asked.ceremony = Ceremony::Get; });
  reattested("client-data", [](Enrollment &e) {
    Asked get = e.asked;
    get.ceremony = Ceremony::Get;
    e.registration.client_data = get.challenge().client_data();
  });
  reattested("challenge-expired", [](Enrollment &e) { e.now = kMadeAt + Challenge::kLifetime; });
  reattested("challenge-expired", [](Enrollment &e) { e.now = kMadeAt - BootTime(1); });
}

void only_cred_protect_may_come_as_an_extension() {
  const auto extension = [](const std::function<void(cbor::Writer &)> &write) {
    cbor::Writer writer;
    write(writer);
    return [bytes = writer.take()](Enrollment &e) { e.extensions = bytes; };
  };
  for (const int level : {1, 2, 3})
    rewritten("registered", extension([=](auto &w) { w.map(1).text("credProtect").integer(level); }));
  for (const int level : {-1, 0, 4, 256})
    rewritten("extensions-wrong", extension([=](auto &w) { w.map(1).text("credProtect").integer(level); }));
  rewritten("extensions-wrong", extension([](auto &w) { w.map(0); }));
  rewritten("extensions-wrong", extension([](auto &w) { w.map(1).text("credProtect").text("2"); }));
  rewritten("extensions-wrong", extension([](auto &w) { w.map(1).text("minPinLength").integer(4); }));
  rewritten("extensions-wrong", extension([](auto &w) {
              w.map(2).text("credProtect").integer(2).text("credProtect").integer(3);
            }));
  const auto hmac_secret = *from_hex("a16b686d61632d736563726574f5");
  rewritten("extensions-wrong", [=](Enrollment &e) { e.extensions = hmac_secret; });
  rewritten("extensions-wrong", extension([](auto &w) { w.map(1).text("minPinLength").integer(2); }));
  rewritten("malformed", extension([](auto &w) { w.integer(1); }));  // no map
  rewritten("malformed", extension([](auto &w) { w.map(1).text("credProtect").integer(2).integer(0); }));

  Enrollment unattested(es256());
  for (const std::string_view map : {"a16b686d61632d736563726574f5", "a16c6d696e50696e4c656e67746802"}) {
    unattested.extensions = *from_hex(map);
    unattested.write_data();
    must(unattested, "extensions-wrong", "format none");
  }
}

void formats_we_do_not_take_are_refused() {
  for (const std::string format :
       {"tpm", "android-key", "android-safetynet", "apple", "compound", "", "Packed"}) {
    Enrollment enrollment(es256());
    enrollment.attest_packed();
    enrollment.registration.format = format;
    must(enrollment, "attestation-wrong", format);
  }
}

void a_statement_that_breaks_its_format_is_refused() {
  const auto statement = [](std::string_view format, const std::function<void(cbor::Writer &)> &write) {
    Enrollment enrollment(es256());
    enrollment.registration.format = format;
    cbor::Writer writer;
    write(writer);
    enrollment.registration.attestation = writer.take();
    return enrollment;
  };
  const Bytes sig(70, 1);
  const Bytes cert = es256().certificate();
  const std::string wrong = "attestation-wrong";
  const auto packed = [&](const std::function<void(cbor::Writer &)> &write, const std::string &what) {
    must(statement("packed", write), wrong, what);
  };
  packed([&](auto &w) { w.map(0); }, "empty");
  packed([&](auto &w) { w.map(1).text("sig").byte_string(sig); }, "no alg");
  packed([&](auto &w) { w.map(1).text("alg").integer(-7); }, "no sig");
  packed([&](auto &w) { w.map(2).text("alg").integer(-8).text("sig").byte_string(sig); }, "another alg");
  packed([&](auto &w) { w.map(2).text("alg").integer(-7).text("sig").byte_string({}); }, "empty sig");
  packed([&](auto &w) { w.map(2).text("alg").integer(-7).text("sig").text("x"); }, "sig is text");
  packed([&](auto &w) { w.map(2).text("alg").integer(-7).text("sig").byte_string(Bytes(1025)); }, "huge sig");
  packed([&](auto &w) { w.map(2).text("alg").integer(-7).text("sig").byte_string(sig).integer(0); }, "more");
  packed(
      [&](auto &w) { w.map(3).text("alg").integer(-7).text("alg").integer(-7).text("sig").byte_string(sig); },
      "alg twice");
  packed(
      [&](auto &w) { w.map(3).text("alg").integer(-7).text("sig").byte_string(sig).text("ver").text("2.0"); },
      "a member of another format");
  packed(
      [&](auto &w) {
        w.map(3).text("alg").integer(-7).text("sig").byte_string(sig).text("sig").byte_string(sig);
      },
      "sig twice");
  packed(
      [&](auto &w) {
        w.map(4).text("alg").integer(-7).text("sig").byte_string(sig);
        for (int at = 0; at < 2; ++at) w.text("x5c").array(1).byte_string(cert);
      },
      "x5c twice");
  packed([&](auto &w) { w.map(3).text("alg").integer(-7).text("sig").byte_string(sig).text("x5c").array(0); },
         "no certificate in x5c");
  packed(
      [&](auto &w) {
        w.map(3).text("alg").integer(-7).text("sig").byte_string(sig).text("x5c").array(9);
        for (int at = 0; at < 9; ++at) w.byte_string(cert);
      },
      "nine certificates");
  packed(
      [&](auto &w) {
        w.map(3).text("alg").integer(-7).text("sig").byte_string(sig).text("x5c").array(1).byte_string(sig);
      },
      "no certificate at all");
  must(statement("fido-u2f", [&](auto &w) { w.map(1).text("sig").byte_string(sig); }), wrong, "u2f, self");
  must(statement("fido-u2f",
                 [&](auto &w) {
                   w.map(2).text("sig").byte_string(sig).text("x5c").array(2).byte_string(cert).byte_string(
                       cert);
                 }),
       wrong, "u2f, two certificates");
  must(statement("none", [&](auto &w) { w.map(1).text("sig").byte_string(sig); }), wrong,
       "none with something");
  must(statement("none", [&](auto &w) { w.map(0).map(0); }), wrong, "none and more");
  must(statement("none", [&](auto &) {}), "malformed", "nothing");

  Enrollment u2f(key_of(Algorithm::EdDsa));
  u2f.registration.format = "fido-u2f";
  u2f.registration.attestation =
      statement("", [&](auto &w) {
        w.map(2).text("sig").byte_string(sig).text("x5c").array(1).byte_string(cert);
      }).registration.attestation;
  must(u2f, wrong, "u2f with an Ed25519 key");

  Enrollment without_alg(es256());  // well signed, but "alg" left out
  without_alg.attest_packed(es256(), std::nullopt);
  Bytes &with = without_alg.registration.attestation;
  cbor::Reader reader(with);
  CHECK(reader.map() == 3 && reader.text() == "alg" && reader.integer() == -7);
  Bytes left = {0xa2};
  left.insert(left.end(), reader.rest().begin(), reader.rest().end());
  with = left;
  must(without_alg, wrong, "certificate, no alg");

  Enrollment huge(es256());
  huge.registration.attestation.resize(8193);
  must(huge, "malformed", "oversized");
}

void a_certificate_for_another_model_is_refused() {
  Aaguid other = kAaguid;
  other.back() ^= 1;
  Enrollment enrollment(es256());
  enrollment.attest_packed(TestKey(Algorithm::Es256), other);
  must(enrollment, "attestation-wrong");
}

void a_signature_by_another_key_is_refused() {
  for (const Algorithm algorithm : kAlgorithms) {
    const TestKey other(algorithm);
    Enrollment enrollment(key_of(algorithm));
    Enrollment foreign(other);
    foreign.attest_packed();
    enrollment.registration.format = "packed";
    enrollment.registration.attestation = foreign.registration.attestation;
    must(enrollment, "signature-wrong", "self");
    enrollment.attest_packed(other, std::nullopt);
    enrollment.registration.authenticator_data[36] ^= 1;
    must(enrollment, "signature-wrong", "certificate");
  }
  Enrollment u2f(es256());
  u2f.attest_u2f(TestKey(Algorithm::Es256));
  u2f.registration.authenticator_data[60] ^= 1;  // inside the credential id
  must(u2f, "signature-wrong", "u2f");
}

void no_bit_of_an_attested_enrollment_can_change() {
  for (const Algorithm algorithm : kAlgorithms) {
    Enrollment enrollment(key_of(algorithm));
    enrollment.attest_packed();
    const auto flip_all = [&](auto &bytes) {
      for (auto &byte : bytes)
        for (unsigned bit = 1; bit < 0x100; bit <<= 1) {
          const auto before = byte;
          byte = static_cast<std::decay_t<decltype(byte)>>(static_cast<unsigned char>(byte) ^ bit);
          CHECK(enrollment.outcome() != "registered");
          byte = before;
        }
    };
    flip_all(enrollment.registration.authenticator_data);
    flip_all(enrollment.registration.attestation);
    flip_all(enrollment.registration.client_data);
    must(enrollment, "registered", "restored");
  }
}

void an_enrollment_cut_short_anywhere_is_refused() {
  for (const Algorithm algorithm : kAlgorithms) {
    Enrollment whole(key_of(algorithm));
    whole.attest_packed();
    for (std::size_t size = 0; size < whole.registration.authenticator_data.size(); ++size) {
      Enrollment cut = whole;
      cut.registration.authenticator_data.resize(size);
      must(cut, "malformed", "authenticator data of " + std::to_string(size));
      cut.attest_packed();
      must(cut, "malformed", "attested authenticator data of " + std::to_string(size));
    }
    for (std::size_t size = 0; size < whole.registration.attestation.size(); ++size) {
      Enrollment cut = whole;
      cut.registration.attestation.resize(size);
      must(cut, size == 0 ? "malformed" : "attestation-wrong", "statement of " + std::to_string(size));
    }
  }
  reattested("malformed", [](Enrollment &e) { e.registration.authenticator_data.push_back(0); });
  reattested("malformed", [](Enrollment &e) { e.registration.authenticator_data.resize(4097); });
}

void credential_ids_have_1_to_1023_bytes() {
  for (const std::size_t size : {1, 1023}) {
    Enrollment enrollment(es256());
    enrollment.attested.id = Bytes(size, 0x11);
    enrollment.write_data();
    enrollment.attest_packed();
    CHECK(MUST(enrollment.verify()).id.size() == size);
  }
  rewritten("malformed", [](Enrollment &e) { e.attested.id.clear(); });
  rewritten("malformed", [](Enrollment &e) { e.attested.id = Bytes(1024, 0x11); });
}

/// Enrolls with these bytes as the public key; "none", so that nothing but the key can be wrong.
std::string outcome_of_key(Bytes cose) {
  Enrollment enrollment(es256());
  enrollment.attested.cose = std::move(cose);
  enrollment.write_data();
  return enrollment.outcome();
}

void a_key_must_be_one_of_its_algorithm() {
  const auto expect = [](std::string_view expected, const std::function<void(cbor::Writer &)> &write,
                         const std::string &what) {
    cbor::Writer writer;
    write(writer);
    const std::string seen = outcome_of_key(writer.take());
    if (seen != expected) fail_at(__FILE__, __LINE__, what + ": " + seen);
  };
  const Bytes good = es256().cose();
  const Bytes x(good.begin() + 10, good.begin() + 42);
  const Bytes y(good.end() - 32, good.end());
  const auto ec2 = [&](int kty, int alg, int crv, const Bytes &px, const Bytes &py) {
    return [=](cbor::Writer &w) {
      w.map(5).integer(1).integer(kty).integer(3).integer(alg);
      w.integer(-1).integer(crv).integer(-2).byte_string(px).integer(-3).byte_string(py);
    };
  };
  const auto okp = [&](int kty, int alg, int crv, const Bytes &point) {
    return [=](cbor::Writer &w) {
      w.map(4).integer(1).integer(kty).integer(3).integer(alg);
      w.integer(-1).integer(crv).integer(-2).byte_string(point);
    };
  };
  const auto rsa = [&](int alg, const Bytes &n, const Bytes &e) {
    return [=](cbor::Writer &w) {
      w.map(4).integer(1).integer(3).integer(3).integer(alg);
      w.integer(-1).byte_string(n).integer(-2).byte_string(e);
    };
  };
  expect("registered", ec2(2, -7, 1, x, y), "the good key");
  expect("algorithm-wrong", ec2(1, -7, 1, x, y), "ES256 as OKP");
  expect("algorithm-wrong", ec2(3, -7, 1, x, y), "ES256 as RSA");
  expect("algorithm-wrong", ec2(2, -8, 1, x, y), "EdDSA as EC2");
  expect("algorithm-wrong", ec2(2, -257, 1, x, y), "RS256 as EC2");
  expect("algorithm-wrong", ec2(2, -35, 1, x, y), "ES384");
  expect("algorithm-wrong", ec2(2, 0, 1, x, y), "no algorithm");
  for (const int curve : {0, 2, 3, 6, 8}) expect("algorithm-wrong", ec2(2, -7, curve, x, y), "another curve");
  Bytes off = y;
  off.back() ^= 1;
  expect("malformed", ec2(2, -7, 1, x, off), "a point off the curve");
  expect("malformed", ec2(2, -7, 1, y, x), "coordinates swapped");
  expect("malformed", ec2(2, -7, 1, Bytes(32), Bytes(32)), "the point 0, 0");
  expect("malformed", ec2(2, -7, 1, Bytes(32, 0xff), y), "a coordinate beyond the field");
  expect("malformed", ec2(2, -7, 1, Bytes(x.begin(), x.end() - 1), y), "31 bytes");
  expect("malformed", ec2(2, -7, 1, x, Bytes(33, 1)), "33 bytes");
  Bytes prefixed = {4};  // as in an uncompressed point
  prefixed.insert(prefixed.end(), x.begin(), x.end());
  expect("malformed", ec2(2, -7, 1, prefixed, y), "a prefix before x");
  Bytes longer = {x.back()};
  longer.insert(longer.end(), y.begin(), y.end());
  expect("malformed", ec2(2, -7, 1, Bytes(x.begin(), x.end() - 1), longer), "31 and 33 bytes");
  expect(
      "malformed",
      [&](cbor::Writer &w) {
        w.map(5).integer(3).integer(-7).integer(1).integer(2);
        w.integer(-1).integer(1).integer(-2).byte_string(x).integer(-3).byte_string(y);
      },
      "members in another order");
  expect(
      "malformed",
      [&](cbor::Writer &w) {
        w.map(6).integer(1).integer(2).integer(3).integer(-7).integer(-1).integer(1);
        w.integer(-2).byte_string(x).integer(-3).byte_string(y).integer(-4).byte_string(x);
      },
      "a private key with it");
  expect(
      "malformed",
      [&](cbor::Writer &w) {
        w.map(4).integer(1).integer(2).integer(3).integer(-7).integer(-1).integer(1).integer(-2).byte_string(
            x);
      },
      "no y");
  expect(
      "malformed", [&](cbor::Writer &w) { w.byte_string(x); }, "no map");

  expect("registered", okp(1, -8, 6, x), "Ed25519");
  expect("algorithm-wrong", okp(2, -8, 6, x), "EdDSA as EC2");
  expect("algorithm-wrong", okp(1, -8, 7, x), "Ed448");
  expect("algorithm-wrong", okp(1, -8, 1, x), "EdDSA on P-256");
  expect("algorithm-wrong", okp(1, -7, 6, x), "ES256 on Ed25519");
  expect("malformed", okp(1, -8, 6, Bytes(31, 1)), "31 bytes");
  expect("malformed", okp(1, -8, 6, Bytes(57, 1)), "57 bytes");

  Bytes n(256, 0xa5);
  const Bytes e = {1, 0, 1};
  expect("registered", rsa(-257, n, e), "RSA");
  expect("algorithm-wrong", rsa(-7, n, e), "ES256 as RSA");
  expect("algorithm-wrong", rsa(-65535, n, e), "RS1");
  expect("algorithm-wrong", rsa(-37, n, e), "PS256");
  expect("algorithm-wrong", rsa(-257, Bytes(128, 0xa5), e), "1024 bits");
  expect("algorithm-wrong", rsa(-257, Bytes(384, 0xa5), e), "3072 bits");
  expect("algorithm-wrong", rsa(-257, n, {3}), "exponent 3");
  expect("algorithm-wrong", rsa(-257, n, {0, 0, 1}), "exponent 1");
  n.front() = 0x7f;
  expect("algorithm-wrong", rsa(-257, n, e), "2047 bits");
}

void what_cannot_be_shown_is_left_out_of_the_device_name() {
  for (const std::string device : {"Key\x1b[2J", "Key\n", "\xff\xfe", "K\xe2\x80\xaey"}) {
    Enrollment enrollment(es256());
    enrollment.registration.device = device;
    CHECK(MUST(enrollment.verify()).device.empty());
  }
  Enrollment long_name(es256());
  long_name.registration.device = std::string(129, 'x');
  CHECK(MUST(long_name.verify()).device.empty());
  Enrollment platform(es256());
  platform.registration.platform.resize(8193);
  must(platform, "malformed");
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(each_format_and_algorithm_enrolls),
      TEST(an_enrollment_fills_in_what_was_attested),
      TEST(an_enrolled_credential_signs_in),
      TEST(each_flag_is_held_to_its_rule),
      TEST(an_answer_to_something_else_is_refused),
      TEST(only_cred_protect_may_come_as_an_extension),
      TEST(formats_we_do_not_take_are_refused),
      TEST(a_statement_that_breaks_its_format_is_refused),
      TEST(a_certificate_for_another_model_is_refused),
      TEST(a_signature_by_another_key_is_refused),
      TEST(no_bit_of_an_attested_enrollment_can_change),
      TEST(an_enrollment_cut_short_anywhere_is_refused),
      TEST(credential_ids_have_1_to_1023_bytes),
      TEST(a_key_must_be_one_of_its_algorithm),
      TEST(what_cannot_be_shown_is_left_out_of_the_device_name),
  };
  return cmocka_run_group_tests_name("webauthn-registration", tests, nullptr, nullptr);
}
