/// What a TPM says for a new key: that a good proof is believed, and nothing else is.
#include <algorithm>
#include <array>
#include <cstdio>

#include "tests/tpm_maker.h"
#include "tpm/endorsement.h"
#include "tpm/pin.h"
#include "tpm/platform_key.h"
#include "tpm/process.h"
#include "webauthn/activation.h"
#include "webauthn/authenticator_data.h"
#include "webauthn/platform_proof.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr EndorsementKind kKinds[] = {EndorsementKind::Rsa2048, EndorsementKind::EccP256,
                                      EndorsementKind::Rsa2048High, EndorsementKind::EccP256High,
                                      EndorsementKind::EccP384High};
const Bytes kSecret(32, 0x5a);

WallTime now() {
  return SystemClock().wall();
}

/// A registration and what it is about.
struct Enrolled {
  Registration made;
  Bytes cose;
  Sha256 subject;
  PlatformProof proof;
};

Enrolled enroll(Swtpm &tpm) {
  const Person anna{tpm};
  TpmAuthenticator authenticator = tpm.authenticator();
  Enrolled enrolled{.made = MUST(anna.try_enroll(authenticator))};
  enrolled.cose = MUST(AuthenticatorData::parse(enrolled.made.authenticator_data)).attested->cose;
  enrolled.subject = subject_of(enrolled.made.authenticator_data, enrolled.made.client_data);
  CHECK(enrolled.made.proof.has_value());
  enrolled.proof = *enrolled.made.proof;
  return enrolled;
}

Result<Bytes> check(const Enrolled &enrolled) {
  return check_statement(enrolled.proof, enrolled.cose, enrolled.subject);
}

ErrorKind refusal(const Enrolled &enrolled) {
  const Result<Bytes> checked = check(enrolled);
  if (checked) throw Failed("a wrong proof was believed");
  return checked.error().kind;
}

Key endorsement_of(const PlatformProof &proof) {
  if (proof.certificate.empty()) return MUST(endorsement_key(proof.endorsement, proof.point));
  return std::move(MUST(read_endorsement(proof.certificate, {}, now())).key);
}

Result<Bytes> activated(Swtpm &tpm, const PlatformProof &proof, ByteView witness) {
  const Key key = endorsement_of(proof);
  const WrappedSecret wrapped = MUST(wrap_for(proof.endorsement, key.get(), witness, kSecret));
  TpmAuthenticator authenticator = tpm.authenticator();
  return authenticator.activate(proof.endorsement, wrapped);
}

void every_kind_of_tpm_proves_where_its_key_lives() {
  const Maker maker;
  for (const EndorsementKind kind : kKinds) {
    Swtpm tpm;
    maker.endow(tpm, kind);
    const Enrolled enrolled = enroll(tpm);
    CHECK(enrolled.proof.problem.empty());
    CHECK(enrolled.proof.endorsement == kind && !enrolled.proof.certificate.empty());
    const EndorsementCertificate read =
        MUST(read_endorsement(enrolled.proof.certificate, {maker.root()}, now()));
    CHECK(read.root == "Maker" && read.product == "IFX SLB9670");
    tpm.tap.clear();
    CHECK(MUST(activated(tpm, enrolled.proof, MUST(check(enrolled)))) == kSecret);
    std::printf("commands of an activation by %s: %zu\n", std::string(name_of(kind)).c_str(),
                tpm.tap.exchanges.size());
  }
}

void a_tpm_that_others_tools_certified_is_trusted() {
  Swtpm tpm;
  const Bytes issuer = set_up_by_swtpm_setup(tpm);
  const Enrolled enrolled = enroll(tpm);
  CHECK(enrolled.proof.endorsement == EndorsementKind::EccP384High);
  const EndorsementCertificate read = MUST(read_endorsement(enrolled.proof.certificate, {issuer}, now()));
  CHECK(read.root == "swtpm-localca" && read.product.ends_with(" swtpm"));
  CHECK(MUST(activated(tpm, enrolled.proof, MUST(check(enrolled)))) == kSecret);
}

void a_tpm_without_a_certificate_shows_its_key_itself() {
  Swtpm tpm;
  const Enrolled enrolled = enroll(tpm);
  CHECK(enrolled.proof.certificate.empty() && enrolled.proof.point.size() == 65);
  CHECK(MUST(activated(tpm, enrolled.proof, MUST(check(enrolled)))) == kSecret);
}

void a_bare_tpm_without_a_manager_has_room_for_it() {
  const Maker maker;
  for (const EndorsementKind kind : {EndorsementKind::EccP256, EndorsementKind::EccP384High}) {
    Swtpm tpm(Manager::None);
    maker.endow(tpm, kind);
    for (int time = 0; time < 4; ++time) {
      const Enrolled enrolled = enroll(tpm);
      CHECK(enrolled.proof.problem.empty());
      CHECK(MUST(activated(tpm, enrolled.proof, MUST(check(enrolled)))) == kSecret);
    }
  }
}

void the_proof_costs_few_commands_and_only_at_enrollment() {
  const Maker maker;
  Swtpm tpm;
  const Person anna{tpm};
  (void)anna.enroll();  // makes the storage root key
  tpm.tap.clear();
  const Credential credential = anna.enroll();
  CHECK((tpm.tap.codes() == std::vector<TPM2_CC>{TPM2_CC_GetCapability, TPM2_CC_ReadPublic,
                                                 TPM2_CC_StartAuthSession, TPM2_CC_Create, TPM2_CC_Load,
                                                 TPM2_CC_Sign, TPM2_CC_CreatePrimary, TPM2_CC_Certify,
                                                 TPM2_CC_FlushContext, TPM2_CC_GetCapability,
                                                 TPM2_CC_CreatePrimary, TPM2_CC_FlushContext}));
  maker.endow(tpm, EndorsementKind::EccP384High);
  tpm.tap.clear();
  const Enrolled enrolled = enroll(tpm);
  std::printf("commands of an enrollment with certificate: %zu\n", tpm.tap.exchanges.size());
  CHECK(tpm.tap.count(TPM2_CC_CreatePrimary) == 1);
  CHECK(tpm.tap.count(TPM2_CC_NV_ReadPublic) == 2);
  CHECK(tpm.tap.exchanges.size() == 12 + tpm.tap.count(TPM2_CC_NV_Read));
  tpm.tap.clear();
  CHECK(MUST(activated(tpm, enrolled.proof, MUST(check(enrolled)))) == kSecret);
  CHECK((tpm.tap.codes() == std::vector<TPM2_CC>{TPM2_CC_CreatePrimary, TPM2_CC_CreatePrimary,
                                                 TPM2_CC_ActivateCredential, TPM2_CC_FlushContext,
                                                 TPM2_CC_FlushContext}));
  tpm.tap.clear();
  CHECK(anna.can_log_in(credential));
  CHECK(tpm.tap.exchanges.size() == 3);
}

void neither_pin_nor_its_value_is_readable_when_a_key_is_certified() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  const auto key = MUST(tpm::PlatformKey::parse(credential.platform));
  CHECK(tpm.tap.count(TPM2_CC_Certify) == 1);
  CHECK(!tpm.tap.saw(bytes_of(anna.pin)));
  CHECK(!tpm.tap.saw(MUST(tpm::auth_value(key.salt, anna.secret())).bytes()));
}

void a_proof_with_any_bit_flipped_is_refused() {
  Swtpm tpm;
  const Enrolled good = enroll(tpm);
  CHECK(check(good));
  for (Bytes PlatformProof::*part :
       {&PlatformProof::key, &PlatformProof::witness, &PlatformProof::statement, &PlatformProof::signature}) {
    const std::size_t size = (good.proof.*part).size();
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      Enrolled bad = good;
      (bad.proof.*part)[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      const ErrorKind kind = refusal(bad);
      CHECK(kind == ErrorKind::Untrusted || kind == ErrorKind::Malformed);
    }
    for (std::size_t cut = 0; cut < size; ++cut) {
      Enrolled bad = good;
      (bad.proof.*part).resize(cut);
      (void)refusal(bad);
    }
    Enrolled longer = good;
    (longer.proof.*part).push_back(0);
    (void)refusal(longer);
  }
}

void a_proof_for_another_key_or_another_enrollment_is_refused() {
  Swtpm tpm;
  const Enrolled one = enroll(tpm), other = enroll(tpm);
  Enrolled mixed = one;
  mixed.proof = other.proof;
  CHECK(refusal(mixed) == ErrorKind::Untrusted);
  mixed.proof.key = one.proof.key;  // the statement is about the other key
  CHECK(refusal(mixed) == ErrorKind::Untrusted);
  mixed.subject = other.subject;  // and nothing else tells
  CHECK(refusal(mixed) == ErrorKind::Untrusted);
  Enrolled replayed = one;
  replayed.subject = other.subject;
  CHECK(refusal(replayed) == ErrorKind::Untrusted);
  Enrolled elsewhere = one;
  elsewhere.cose = other.cose;
  CHECK(refusal(elsewhere) == ErrorKind::Untrusted);
}

/// A witness of our own making, outside of any TPM, that says whatever we like.
void replace_witness(Enrolled &enrolled, std::uint8_t restricted) {
  const Key ours(EVP_EC_gen("P-256"));
  std::array<std::uint8_t, 65> point{};
  std::size_t size = 0;
  CHECK(EVP_PKEY_get_octet_string_param(ours.get(), "encoded-pub-key", point.data(), point.size(), &size) ==
        1);
  Bytes &area = enrolled.proof.witness;
  std::copy_n(point.begin() + 1, 32, area.end() - 66);
  std::copy_n(point.begin() + 33, 32, area.end() - 32);
  area[5] = restricted;
  const Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, ours.get()) == 1);
  enrolled.proof.signature.resize(80);
  size = 80;
  CHECK(EVP_DigestSign(context.get(), enrolled.proof.signature.data(), &size, enrolled.proof.statement.data(),
                       enrolled.proof.statement.size()) == 1);
  enrolled.proof.signature.resize(size);
}

void a_witness_that_signs_anything_is_no_witness() {
  Swtpm tpm;
  Enrolled enrolled = enroll(tpm);
  CHECK(enrolled.proof.witness[5] == 0x05);  // restricted, sign
  replace_witness(enrolled, 0x04);
  CHECK(refusal(enrolled) == ErrorKind::Untrusted);
}

void a_witness_outside_of_the_tpm_is_found_out_by_the_activation() {
  Swtpm tpm;
  Enrolled enrolled = enroll(tpm);
  replace_witness(enrolled, 0x05);
  const Bytes name = MUST(check(enrolled));  // nothing in the statement gives it away
  CHECK(activated(tpm, enrolled.proof, name).error().kind == ErrorKind::TpmKeyForeign);
}

void the_certificate_of_another_tpm_is_found_out_by_the_activation() {
  const Maker maker;
  for (const EndorsementKind kind : kKinds) {
    Swtpm tpm, genuine;
    maker.endow(genuine, kind);
    const Bytes borrowed = enroll(genuine).proof.certificate;
    leave_in(tpm, kind, borrowed);
    const Enrolled enrolled = enroll(tpm);
    CHECK(enrolled.proof.certificate == borrowed);
    const Result<Bytes> told = activated(tpm, enrolled.proof, MUST(check(enrolled)));
    CHECK(!told);
  }
}

void a_closed_endorsement_hierarchy_does_not_hinder_an_enrollment() {
  Swtpm tpm;
  {
    const tpm::Conversation admin = tpm.admin();
    TPM2B_AUTH password = {.size = 3, .buffer = {1, 2, 3}};
    CHECK_RC(Esys_HierarchyChangeAuth(admin.esys(), ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                      ESYS_TR_NONE, &password));
  }
  const Person anna{tpm};
  const Enrolled enrolled = enroll(tpm);
  CHECK(enrolled.proof.problem.find("endorsement hierarchy") != std::string::npos);
  CHECK(enrolled.proof.statement.empty() && enrolled.proof.key.empty());
  CHECK(anna.can_log_in(anna.enroll()));
  CHECK(tpm.state().counter == 0);
}

void a_certificate_that_is_rubbish_is_handed_on_and_not_believed() {
  Swtpm tpm;
  leave_in(tpm, EndorsementKind::EccP256, Bytes(700, 0x30));
  const Enrolled enrolled = enroll(tpm);
  CHECK(!read_endorsement(enrolled.proof.certificate, {}, now()));
}

void only_certificates_that_lead_to_a_root_are_trusted() {
  const Maker maker("Maker"), stranger("Stranger");
  const Key key(EVP_EC_gen("P-256"));
  const Bytes good = maker.certify(key.get());
  const auto root = [&](const Bytes &certificate, const std::vector<Bytes> &roots) {
    return MUST(read_endorsement(certificate, roots, now())).root;
  };
  CHECK(root(good, {stranger.root(), maker.root()}) == "Maker");
  CHECK(!root(good, {}) && !root(good, {stranger.root()}) && !root(good, {Bytes(40, 1)}));
  CHECK(MUST(read_endorsement(good, {}, now())).issuer == "Maker");
  CHECK(!root(maker.certify(key.get(), {.lifetime = -1}), {maker.root()}));
  CHECK(!root(maker.certify(key.get(), {.unknown_extension = true}), {maker.root()}));
  CHECK(!root(good, {good}));  // itself is not who made it
  const Maker namesake("Maker");
  CHECK(root(good, {namesake.root(), maker.root()}) == "Maker");
  CHECK(!root(namesake.certify(key.get()), {maker.root()}));
}

void a_certificate_for_something_else_than_an_endorsement_key_is_not_trusted() {
  const Maker maker;
  const Key curve(EVP_EC_gen("P-256")), large_curve(EVP_EC_gen("P-384")), rsa(EVP_RSA_gen(2048));
  const auto trusted = [&](const Key &key, const Special &special) {
    const EndorsementCertificate read =
        MUST(read_endorsement(maker.certify(key.get(), special), {maker.root()}, now()));
    CHECK(read.issuer == "Maker" && !read.product.empty());  // it is read all the same
    return read.root.has_value();
  };
  const std::string purpose = "2.23.133.8.1";
  for (const Key *key : {&curve, &large_curve}) {
    for (const char *usage : {"critical,keyAgreement", "keyAgreement", "digitalSignature,keyAgreement"})
      CHECK(trusted(*key, {.usage = usage, .purposes = purpose}));
    for (const char *usage :
         {"critical,keyEncipherment", "critical,digitalSignature", "keyCertSign,cRLSign", "encipherOnly"})
      CHECK(!trusted(*key, {.usage = usage, .purposes = purpose}));
  }
  CHECK(trusted(rsa, {.usage = "critical,keyEncipherment", .purposes = purpose}));
  CHECK(!trusted(rsa, {.usage = "critical,keyAgreement", .purposes = purpose}));
  CHECK(!trusted(rsa, {.usage = "critical,digitalSignature", .purposes = purpose}));
  for (const Key *key : {&curve, &rsa}) {
    CHECK(trusted(*key, {}) && trusted(*key, {.purposes = purpose}));
    CHECK(trusted(*key, {.purposes = "clientAuth," + purpose}));
    // what TCG has for platform and attestation key certificates, and what the web has
    for (const char *other : {"2.23.133.8.2", "2.23.133.8.3", "2.23.133.8", "2.23.133.8.1.1", "clientAuth",
                              "critical,serverAuth,clientAuth", "anyExtendedKeyUsage"})
      CHECK(!trusted(*key, {.purposes = other}));
  }
}

void what_a_certificate_says_is_shown_on_one_line_or_not_at_all() {
  const Maker maker("Ma\nker\x1b[2J");
  const Key key(EVP_EC_gen("P-256"));
  const Bytes tricky =
      maker.certify(key.get(), {.model = std::string("a\x1b[2Jb\n") + std::string(300, 'c')});
  const EndorsementCertificate read = MUST(read_endorsement(tricky, {maker.root()}, now()));
  for (const std::string *text : {&read.product, &read.issuer, &*read.root})
    CHECK(text->size() <= 255 && std::ranges::all_of(*text, [](char c) { return c >= ' ' && c <= '~'; }));
}

void a_certificate_with_any_byte_changed_is_not_trusted() {
  const Maker maker;
  const Key key(EVP_EC_gen("P-256"));
  const Bytes good = maker.certify(key.get());
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] ^= 0x01;
    const Result<EndorsementCertificate> read = read_endorsement(bad, {maker.root()}, now());
    if (read && read->root) throw Failed("byte " + std::to_string(at) + " does not matter");
    bad.resize(at);
    CHECK(!read_endorsement(bad, {maker.root()}, now()));
  }
}

void a_secret_is_only_wrapped_for_a_key_of_its_kind() {
  const Key curve(EVP_EC_gen("P-256")), other(EVP_EC_gen("P-384")), same_size(EVP_EC_gen("secp256k1"));
  const Bytes name(34, 1);
  CHECK(wrap_for(EndorsementKind::EccP256, curve.get(), name, kSecret));
  CHECK(!wrap_for(EndorsementKind::EccP256, other.get(), name, kSecret));
  CHECK(!wrap_for(EndorsementKind::EccP256, same_size.get(), name, kSecret));
  CHECK(!wrap_for(EndorsementKind::EccP384High, curve.get(), name, kSecret));
  CHECK(!wrap_for(EndorsementKind::Rsa2048, curve.get(), name, kSecret));
  CHECK(!wrap_for(EndorsementKind::EccP256, curve.get(), name, Bytes(33, 1)));
}

}  // namespace

int main() {
  tpm::harden_process();
  const CMUnitTest tests[] = {
      TEST(every_kind_of_tpm_proves_where_its_key_lives),
      TEST(a_tpm_that_others_tools_certified_is_trusted),
      TEST(a_tpm_without_a_certificate_shows_its_key_itself),
      TEST(a_bare_tpm_without_a_manager_has_room_for_it),
      TEST(the_proof_costs_few_commands_and_only_at_enrollment),
      TEST(neither_pin_nor_its_value_is_readable_when_a_key_is_certified),
      TEST(a_proof_with_any_bit_flipped_is_refused),
      TEST(a_proof_for_another_key_or_another_enrollment_is_refused),
      TEST(a_witness_that_signs_anything_is_no_witness),
      TEST(a_witness_outside_of_the_tpm_is_found_out_by_the_activation),
      TEST(the_certificate_of_another_tpm_is_found_out_by_the_activation),
      TEST(a_closed_endorsement_hierarchy_does_not_hinder_an_enrollment),
      TEST(a_certificate_that_is_rubbish_is_handed_on_and_not_believed),
      TEST(only_certificates_that_lead_to_a_root_are_trusted),
      TEST(a_certificate_for_something_else_than_an_endorsement_key_is_not_trusted),
      TEST(what_a_certificate_says_is_shown_on_one_line_or_not_at_all),
      TEST(a_certificate_with_any_byte_changed_is_not_trusted),
      TEST(a_secret_is_only_wrapped_for_a_key_of_its_kind),
  };
  return cmocka_run_group_tests_name("tpm-attestation", tests, nullptr, nullptr);
}
