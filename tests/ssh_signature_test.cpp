/// What agents sign, and their answers as assertions. ssh-keygen verifies what is made here as it is
/// described, and the one verifier judges what comes of it.
#include <openssl/ecdsa.h>

#include "ssh/signature.h"
#include "tests/ssh_kit.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr std::uint8_t kTouched = flag::kUserPresent, kVerified = flag::kUserPresent | flag::kUserVerified;

/// The DER of ECDSA as SSH writes it: two integers, each with a zero before it where it would look negative.
Bytes two_integers(const Bytes &der) {
  const unsigned char *at = der.data();
  ECDSA_SIG *signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  CHECK(signature != nullptr);
  ssh::Writer writer;
  for (const BIGNUM *number : {ECDSA_SIG_get0_r(signature), ECDSA_SIG_get0_s(signature)}) {
    Bytes bytes(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, bytes.data());
    if ((bytes.front() & 0x80) != 0) bytes.insert(bytes.begin(), 0);
    writer.string(bytes);
  }
  ECDSA_SIG_free(signature);
  return writer.take();
}

/// What an agent answers for this key; `application`: what the security key signs, whatever the key says.
Bytes signature_blob(const TestKey &key, std::string_view text, std::uint8_t flags, std::uint32_t counter,
                     std::string_view application = "ssh:") {
  ssh::Writer message;
  message.raw(sha256(bytes_of(application))).byte(flags).number(counter).raw(sha256(bytes_of(text)));
  const Bytes made = key.sign(message.take());
  const bool ec = key.algorithm() == Algorithm::Es256;
  ssh::Writer blob;
  blob.text(ssh_key(key).type).string(ec ? two_integers(made) : made).byte(flags).number(counter);
  return blob.take();
}

/// A login by such a key over a message, and what the verifier says of the answer.
struct AgentLogin {
  explicit AgentLogin(Algorithm algorithm)
      : key(key_of(algorithm)),
        credential{.id = ssh::credential_id_of(ssh_key(key), account().name),
                   .key = ssh_key(key).key,
                   .rp_id = ssh_key(key).application,
                   .owner = account()} {
    credential.way = Way::Ssh;
    credential.state = CredentialState::Active;
  }
  [[nodiscard]] Challenge challenge(UserVerification uv = UserVerification::Preferred) const {
    return MUST(Challenge::make_stated(
        credential.rp_id, account(), uv,
        [](ByteView random) { return ssh::to_be_signed("host alice sudo " + to_hex(random)); }, kMadeAt));
  }
  [[nodiscard]] Refusal judged(Challenge challenge, const Bytes &blob, const std::string &text) const {
    const Result<Assertion> answer = ssh::assertion_from(blob, ssh_key(key), credential.id, text);
    if (!answer) return Refusal::Malformed;
    const Verification said = verify(credential, std::move(challenge), answer.value(), kMadeAt);
    CHECK((said.verdict == Verdict::Granted) == (said.refusal == Refusal::None));
    return said.refusal;
  }
  const TestKey &key;
  Credential credential;
};

void ssh_keygen_verifies_what_our_keys_sign() {
  const Folder folder;
  for (const Algorithm algorithm : kSshAlgorithms) {
    const TestKey &key = key_of(algorithm);
    const std::string message = "sudo on workstation for alice";
    ssh::Writer writer;
    writer.raw(bytes_of("SSHSIG"))
        .number(1)
        .string(blob_of(key))
        .text(ssh::kNamespace)
        .text("")
        .text("sha512");
    writer.string(signature_blob(key, ssh::to_be_signed(message), kTouched, 7));
    const Bytes signature = writer.take();
    folder.write("message", message);
    folder.write("raw", {reinterpret_cast<const char *>(signature.data()), signature.size()});
    folder.write("allowed", "alice " + ssh::line_of(ssh_key(key)) + "\n");
    CHECK(folder.runs(
        "{ echo -----BEGIN SSH SIGNATURE-----; base64 raw; echo -----END SSH SIGNATURE-----; } > sig"));
    const std::string judge = "ssh-keygen -Y verify -f allowed -I alice -n login@passkeyd -s sig < ";
    CHECK(folder.runs(judge + "message"));
    CHECK(!folder.runs(judge + "allowed"));
  }
}

void a_touch_over_our_message_is_granted() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    const AgentLogin login(algorithm);
    Challenge challenge = login.challenge();
    const std::string text = challenge.client_data();
    CHECK(login.judged(std::move(challenge), signature_blob(login.key, text, kTouched, 1), text) ==
          Refusal::None);
  }
}

void nothing_is_granted_without_a_touch_nor_where_verification_is_required_without_it() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    const AgentLogin login(algorithm);
    const auto with = [&](UserVerification uv, std::uint8_t flags) {
      Challenge challenge = login.challenge(uv);
      const std::string text = challenge.client_data();
      return login.judged(std::move(challenge), signature_blob(login.key, text, flags, 1), text);
    };
    CHECK(with(UserVerification::Discouraged, 0) == Refusal::NoUserPresence);
    CHECK(with(UserVerification::Required, kTouched) == Refusal::NoUserVerification);
    CHECK(with(UserVerification::Required, kVerified) == Refusal::None);
  }
}

void an_answer_to_another_challenge_or_another_message_is_refused() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    const AgentLogin login(algorithm);
    const std::string earlier = login.challenge().client_data();
    const Bytes replayed = signature_blob(login.key, earlier, kTouched, 1);
    CHECK(login.judged(login.challenge(), replayed, earlier) == Refusal::ChallengeWrong);
    Challenge challenge = login.challenge();
    const std::string text = challenge.client_data();
    CHECK(login.judged(std::move(challenge), replayed, text) == Refusal::SignatureWrong);
  }
}

void a_signature_for_another_application_is_refused() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    const AgentLogin login(algorithm);
    Challenge challenge = login.challenge();
    const std::string text = challenge.client_data();
    const Bytes blob = signature_blob(login.key, text, kTouched, 1, "https://elsewhere");
    CHECK(login.judged(std::move(challenge), blob, text) == Refusal::SignatureWrong);
  }
}

void a_counter_that_goes_back_is_noticed() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    AgentLogin login(algorithm);
    login.credential.counter = 5;
    Challenge challenge = login.challenge();
    const std::string text = challenge.client_data();
    CHECK(login.judged(std::move(challenge), signature_blob(login.key, text, kTouched, 5), text) ==
          Refusal::CounterWentBack);
  }
}

void a_signature_with_one_bit_changed_is_never_granted() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    const AgentLogin login(algorithm);
    bool more = true;
    for (std::size_t at = 0; more; ++at) {
      Challenge challenge = login.challenge();
      const std::string text = challenge.client_data();
      Bytes changed = signature_blob(login.key, text, kTouched, 1);
      more = at + 1 < changed.size() * 8;
      if (at >= changed.size() * 8) continue;  // ECDSA signatures are not always of the same length
      changed[at / 8] = static_cast<std::uint8_t>(changed[at / 8] ^ (1U << (at % 8)));
      CHECK(login.judged(std::move(challenge), changed, text) != Refusal::None);
    }
  }
}

void an_answer_that_is_cut_short_of_another_kind_or_has_more_behind_it_is_malformed() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    const TestKey &key = key_of(algorithm);
    const TestKey &other = key_of(algorithm == Algorithm::Es256 ? Algorithm::EdDsa : Algorithm::Es256);
    Bytes blob = signature_blob(key, "text", kTouched, 1);
    for (std::size_t size = 0; size < blob.size(); ++size)
      CHECK(!ssh::assertion_from(ByteView(blob).first(size), ssh_key(key), Bytes(32), "text"));
    blob.push_back(0);
    CHECK(!ssh::assertion_from(blob, ssh_key(key), Bytes(32), "text"));
    CHECK(!ssh::assertion_from(signature_blob(other, "text", kTouched, 1), ssh_key(key), Bytes(32), "text"));
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(ssh_keygen_verifies_what_our_keys_sign),
      TEST(a_touch_over_our_message_is_granted),
      TEST(nothing_is_granted_without_a_touch_nor_where_verification_is_required_without_it),
      TEST(an_answer_to_another_challenge_or_another_message_is_refused),
      TEST(a_signature_for_another_application_is_refused),
      TEST(a_counter_that_goes_back_is_noticed),
      TEST(a_signature_with_one_bit_changed_is_never_granted),
      TEST(an_answer_that_is_cut_short_of_another_kind_or_has_more_behind_it_is_malformed),
  };
  return cmocka_run_group_tests_name("ssh-signature", tests, nullptr, nullptr);
}
