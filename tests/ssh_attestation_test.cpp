/// Attestations of SSH keys: whose word is taken, and for which key.
#include "ssh/attestation.h"
#include "tests/ssh_kit.h"
#include "webauthn/cbor.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr std::string_view kChallenge = "made on a Tuesday";
constexpr Aaguid kNoModel = {};

/// All that ssh-keygen knows when it writes the file.
struct Making {
  const TestKey &key;
  std::string application = "ssh:";
  std::string challenge = std::string(kChallenge);
  Aaguid model = kAaguid;
  std::uint8_t flags = flag::kUserPresent;
  std::optional<int> cred_protect = {};

  [[nodiscard]] Bytes data() const {
    const AttestedCredential attested{model, Bytes(40, 5), key.cose()};
    Bytes made = make_authenticator_data(MUST(RpId::of_ssh(application)), flags, 4, attested);
    if (!cred_protect) return made;
    cbor::Writer writer;
    writer.map(1).text("credProtect").integer(*cred_protect);
    const Bytes extensions = writer.take();
    made[32] |= flag::kExtensions;
    made.insert(made.end(), extensions.begin(), extensions.end());
    return made;
  }
  /// What packed statements sign.
  [[nodiscard]] Bytes message() const {
    Bytes message = data();
    const Sha256 hash = sha256(bytes_of(challenge));
    message.insert(message.end(), hash.begin(), hash.end());
    return message;
  }
  /// What U2F's sign: zero, application, challenge, key handle, point.
  [[nodiscard]] Bytes u2f_message() const {
    ssh::Writer writer;
    writer.byte(0)
        .raw(sha256(bytes_of(application)))
        .raw(sha256(bytes_of(challenge)))
        .raw(Bytes(40, 5))
        .byte(4);
    writer.raw(*point_of({key.algorithm(), key.cose()}));
    return writer.take();
  }
};

Bytes file(const Making &making, const Bytes &certificate, const Bytes &signature,
           std::string_view magic = "ssh-sk-attest-v01") {
  cbor::Writer wrapped;
  wrapped.byte_string(making.data());
  ssh::Writer writer;
  writer.text(magic).string(certificate).string(signature).string(wrapped.take()).number(0).text("");
  return writer.take();
}

Bytes self_attested(const Making &making) {
  return file(making, {}, making.key.sign(making.message()));
}

const TestKey &vendor() {
  static const TestKey key(Algorithm::Es256);
  return key;
}

Bytes packed(const Making &making, const std::optional<Aaguid> &in_certificate = kAaguid) {
  return file(making, vendor().certificate(in_certificate), vendor().sign(making.message()));
}

Result<Credential> judge(const TestKey &key, const Bytes &attestation,
                         std::string_view challenge = kChallenge, std::string_view application = "ssh:") {
  return ssh::attested_credential(ssh_key(key, application), {attestation, copy_of(bytes_of(challenge))},
                                  account(), kMadeAt);
}

void a_key_that_speaks_for_itself_is_self_attested() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    const Credential made = MUST(judge(key_of(algorithm), self_attested({key_of(algorithm)})));
    CHECK(made.attestation == Attestation::Self && made.aaguid == kAaguid);
    CHECK(made.id == ssh::credential_id_of(ssh_key(key_of(algorithm)), account().name));
    CHECK(made.key == ssh_key(key_of(algorithm)).key && made.rp_id.str() == "ssh:" &&
          made.owner == account());
  }
}

void a_certificate_that_signed_the_key_goes_with_it() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    const Credential made = MUST(judge(key_of(algorithm), packed({key_of(algorithm)})));
    CHECK(made.attestation == Attestation::Untrusted && made.aaguid == kAaguid);
  }
}

void a_u2f_key_is_believed_by_its_certificate() {
  const Making making{.key = key_of(Algorithm::Es256), .model = kNoModel};
  const Bytes attestation = file(making, vendor().certificate(), vendor().sign(making.u2f_message()));
  const Credential made = MUST(judge(making.key, attestation));
  CHECK(made.attestation == Attestation::Untrusted && made.aaguid == kNoModel && !made.certificates.empty());
}

void an_attestation_of_another_key_is_refused() {
  const TestKey other(Algorithm::EdDsa);
  CHECK(!judge(other, self_attested({key_of(Algorithm::EdDsa)})));
  CHECK(!judge(other, packed({key_of(Algorithm::EdDsa)})));
  CHECK(!judge(key_of(Algorithm::Es256), packed({key_of(Algorithm::EdDsa)})));
}

void an_attestation_over_another_challenge_or_for_another_application_is_refused() {
  const TestKey &key = key_of(Algorithm::EdDsa);
  CHECK(!judge(key, packed({key}), "made on a Wednesday"));
  CHECK(!judge(key, packed({key}), ""));
  CHECK(!judge(key, packed({key}), kChallenge, "ssh:work"));
  CHECK(judge(key, packed({.key = key, .application = "ssh:work"}), kChallenge, "ssh:work"));
}

void a_certificate_for_another_model_is_refused() {
  const TestKey &key = key_of(Algorithm::EdDsa);
  CHECK(!judge(key, packed({.key = key, .model = {9, 9}})));
}

void a_forged_signature_is_refused() {
  const Making making{key_of(Algorithm::EdDsa)};
  const TestKey imposter(Algorithm::Es256);
  CHECK(!judge(making.key, file(making, vendor().certificate(kAaguid), imposter.sign(making.message()))));
  CHECK(!judge(making.key, file(making, {}, TestKey(Algorithm::EdDsa).sign(making.message()))));
}

void a_file_with_one_bit_changed_proves_nothing_more() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    const TestKey &key = key_of(algorithm);
    const Bytes good = self_attested({key});
    const std::size_t end = good.size() - 8;  // flags and a text that are reserved, and mean nothing
    for (std::size_t at = 0; at < end * 8; ++at) {
      Bytes changed = good;
      changed[at / 8] = static_cast<std::uint8_t>(changed[at / 8] ^ (1U << (at % 8)));
      CHECK(!judge(key, changed));
    }
  }
}

void a_file_that_is_cut_short_or_has_more_behind_it_is_none() {
  const TestKey &key = key_of(Algorithm::EdDsa);
  Bytes whole = packed({key});
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(!judge(key, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))));
  whole.push_back(0);
  CHECK(!judge(key, whole));
  CHECK(!judge(key, Bytes(ssh::kMaxAttestationFile + 1, 0)));
  CHECK(!judge(key, packed({key}), std::string(ssh::kMaxAttestationFile + 1, 'x')));
}

void a_file_of_the_first_openssh_that_wrote_them_is_told_apart() {
  const Making making{key_of(Algorithm::EdDsa)};
  const Bytes old = file(making, {}, making.key.sign(making.message()), "ssh-sk-attest-v00");
  CHECK(judge(making.key, old).error().kind == ErrorKind::Unsupported);
}

/// Some keys want their PIN for whatever is made, which says nothing of how it will be used.
void only_a_key_that_is_always_verified_is_enrolled_with_verification() {
  const TestKey &key = key_of(Algorithm::EdDsa);
  const std::uint8_t verified = flag::kUserPresent | flag::kUserVerified;
  const auto enrolled_with = [&](std::uint8_t flags, std::optional<int> level) {
    return MUST(judge(key, packed({.key = key, .flags = flags, .cred_protect = level}))).user_verification;
  };
  CHECK(enrolled_with(verified, 3));
  CHECK(!enrolled_with(verified, 2) && !enrolled_with(verified, 1) && !enrolled_with(verified, {}));
  CHECK(!judge(key, packed({.key = key, .flags = verified, .cred_protect = 4})));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_key_that_speaks_for_itself_is_self_attested),
      TEST(a_certificate_that_signed_the_key_goes_with_it),
      TEST(a_u2f_key_is_believed_by_its_certificate),
      TEST(an_attestation_of_another_key_is_refused),
      TEST(an_attestation_over_another_challenge_or_for_another_application_is_refused),
      TEST(a_certificate_for_another_model_is_refused),
      TEST(a_forged_signature_is_refused),
      TEST(a_file_with_one_bit_changed_proves_nothing_more),
      TEST(a_file_that_is_cut_short_or_has_more_behind_it_is_none),
      TEST(a_file_of_the_first_openssh_that_wrote_them_is_told_apart),
      TEST(only_a_key_that_is_always_verified_is_enrolled_with_verification),
  };
  return cmocka_run_group_tests_name("ssh-attestation", tests, nullptr, nullptr);
}
