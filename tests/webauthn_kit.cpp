/// Keys, certificates and answers, made with OpenSSL and the room's own writers.
#include "tests/webauthn_kit.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <array>
#include <fstream>
#include <sstream>

#include "tests/check.h"
#include "webauthn/cbor.h"
#include "webauthn/cose.h"

namespace passkeyd::test {
namespace {

using Number = Handle<BIGNUM, BN_free>;
using Digest = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using ObjectId = Handle<ASN1_OBJECT, ASN1_OBJECT_free>;
using OctetString = Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using Extension = Handle<X509_EXTENSION, X509_EXTENSION_free>;

EVP_PKEY *generate(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::Es256:
      return EVP_EC_gen("P-256");
    case Algorithm::EdDsa:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case Algorithm::Rs256:
      return EVP_RSA_gen(2048);
  }
  return nullptr;
}

/// A number of the key, big-endian, padded to Size bytes.
template <std::size_t Size>
std::array<std::uint8_t, Size> number_of(EVP_PKEY *key, const char *name) {
  BIGNUM *raw = nullptr;
  CHECK(EVP_PKEY_get_bn_param(key, name, &raw) == 1);
  const Number number(raw);
  std::array<std::uint8_t, Size> bytes{};
  CHECK(BN_bn2binpad(number.get(), bytes.data(), Size) == static_cast<int>(Size));
  return bytes;
}

void append(Bytes &to, ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

/// "alg" (unless 0), "sig", "x5c".
Bytes statement_with_certificates(int alg, ByteView signature, const std::vector<Bytes> &chain) {
  cbor::Writer writer;
  writer.map(alg == 0 ? 2 : 3);
  if (alg != 0) writer.text("alg").integer(alg);
  writer.text("sig").byte_string(signature);
  writer.text("x5c").array(chain.size());
  for (const Bytes &certificate : chain) writer.byte_string(certificate);
  return writer.take();
}

}  // namespace

TestKey::TestKey(Algorithm algorithm) : algorithm_(algorithm), key_(generate(algorithm)) {
  CHECK(key_ != nullptr);
}

Bytes TestKey::cose() const {
  cbor::Writer writer;
  if (algorithm_ == Algorithm::Es256)
    return es256_cose(number_of<32>(get(), OSSL_PKEY_PARAM_EC_PUB_X),
                      number_of<32>(get(), OSSL_PKEY_PARAM_EC_PUB_Y));
  if (algorithm_ == Algorithm::EdDsa) {
    std::array<std::uint8_t, 32> point{};
    std::size_t size = point.size();
    CHECK(EVP_PKEY_get_raw_public_key(get(), point.data(), &size) == 1 && size == point.size());
    writer.map(4).integer(1).integer(1).integer(3).integer(-8);
    writer.integer(-1).integer(6).integer(-2).byte_string(point);
    return writer.take();
  }
  writer.map(4).integer(1).integer(3).integer(3).integer(-257);
  writer.integer(-1).byte_string(number_of<256>(get(), OSSL_PKEY_PARAM_RSA_N));
  writer.integer(-2).byte_string(number_of<3>(get(), OSSL_PKEY_PARAM_RSA_E));
  return writer.take();
}

Bytes TestKey::sign(ByteView message) const {
  const Digest context(EVP_MD_CTX_new());
  const EVP_MD *hash = algorithm_ == Algorithm::EdDsa ? nullptr : EVP_sha256();
  CHECK(EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, get()) == 1);
  std::size_t size = 0;
  CHECK(EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) == 1);
  Bytes signature(size);
  CHECK(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1);
  signature.resize(size);
  return signature;
}

Bytes TestKey::certificate(const std::optional<Aaguid> &aaguid) const {
  const Certificate certificate(X509_new());
  X509 *const x509 = certificate.get();
  CHECK(X509_set_version(x509, X509_VERSION_3) == 1);
  CHECK(ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) == 1);
  CHECK(X509_gmtime_adj(X509_getm_notBefore(x509), 0) != nullptr);
  CHECK(X509_gmtime_adj(X509_getm_notAfter(x509), 3600) != nullptr);
  const auto *name = reinterpret_cast<const unsigned char *>("Test Authenticator");
  CHECK(X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC, name, -1, -1, 0) == 1);
  CHECK(X509_set_issuer_name(x509, X509_get_subject_name(x509)) == 1);
  CHECK(X509_set_pubkey(x509, get()) == 1);
  if (aaguid) {
    Bytes wrapped = {V_ASN1_OCTET_STRING, 16};
    append(wrapped, *aaguid);
    const OctetString value(ASN1_OCTET_STRING_new());
    CHECK(ASN1_OCTET_STRING_set(value.get(), wrapped.data(), static_cast<int>(wrapped.size())) == 1);
    const ObjectId oid(OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1));
    const Extension extension(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, value.get()));
    CHECK(X509_add_ext(x509, extension.get(), -1) == 1);
  }
  CHECK(X509_sign(x509, get(), algorithm_ == Algorithm::EdDsa ? nullptr : EVP_sha256()) > 0);
  unsigned char *der = nullptr;
  const int size = i2d_X509(x509, &der);
  CHECK(size > 0);
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

const TestKey &key_of(Algorithm algorithm) {
  static const TestKey es256(Algorithm::Es256), eddsa(Algorithm::EdDsa), rs256(Algorithm::Rs256);
  if (algorithm == Algorithm::Es256) return es256;
  return algorithm == Algorithm::EdDsa ? eddsa : rs256;
}

RpId rp_id(std::string_view name) {
  return MUST(RpId::parse(name));
}

Account account(std::string_view name, uid_t uid) {
  return {MUST(UserName::parse(name)), uid};
}

Challenge Asked::challenge() const {
  return MUST(Challenge::from_bytes(random, ceremony, rp, user, user_verification, made_at));
}

Login::Login(const TestKey &with)
    : key(&with),
      credential{.row = 1,
                 .id = Bytes(48, 0xc1),
                 .key = {with.algorithm(), with.cose()},
                 .rp_id = rp_id(),
                 .owner = account(),
                 .name = "blue key",
                 .counter = 7,
                 .state = CredentialState::Active} {
  assertion.credential_id = credential.id;
  assertion.client_data = asked.challenge().client_data();
  set_data(flag::kUserPresent, 8);
  sign();
}

void Login::set_data(std::uint8_t flags, std::uint32_t counter) {
  assertion.authenticator_data = make_authenticator_data(asked.rp, flags, counter);
}

void Login::sign() {
  Bytes message = assertion.authenticator_data;
  append(message, sha256(bytes_of(assertion.client_data)));
  assertion.signature = key->sign(message);
}

Verification Login::verify() const {
  return passkeyd::verify(credential, asked.challenge(), assertion, now);
}

Enrollment::Enrollment(const TestKey &with) : key(&with) {
  asked.ceremony = Ceremony::Create;
  attested = {kAaguid, Bytes(48, 0xc1), with.cose()};
  registration.format = "none";
  registration.attestation = {0xa0};
  registration.client_data = asked.challenge().client_data();
  registration.device = "Test Key";
  write_data();
}

void Enrollment::write_data() {
  Bytes &data = registration.authenticator_data;
  data = make_authenticator_data(asked.rp, flags, 0, attested);
  if (extensions.empty()) return;
  data[32] |= flag::kExtensions;
  append(data, extensions);
}

Bytes Enrollment::signed_message() const {
  Bytes message = registration.authenticator_data;
  append(message, sha256(bytes_of(registration.client_data)));
  return message;
}

void Enrollment::attest_packed() {
  registration.format = "packed";
  registration.attestation = packed_self_attestation(key->algorithm(), key->sign(signed_message()));
}

void Enrollment::attest_packed(const TestKey &issuer, const std::optional<Aaguid> &in_certificate) {
  attest_packed(issuer, std::vector<Bytes>{issuer.certificate(in_certificate)});
}

void Enrollment::attest_packed(const TestKey &issuer, const std::vector<Bytes> &chain) {
  registration.format = "packed";
  registration.attestation =
      statement_with_certificates(static_cast<int>(issuer.algorithm()), issuer.sign(signed_message()), chain);
}

void Enrollment::attest_u2f(const TestKey &issuer) {
  attest_u2f(issuer, issuer.certificate());
}

void Enrollment::attest_u2f(const TestKey &issuer, const Bytes &certificate) {
  registration.format = "fido-u2f";
  Bytes message = {0};  // reserved; then application, challenge, key handle, point (U2F raw messages, 4.3)
  append(message, sha256(bytes_of(asked.rp.str())));
  append(message, sha256(bytes_of(registration.client_data)));
  append(message, attested.id);
  message.push_back(4);
  append(message, number_of<32>(key->get(), OSSL_PKEY_PARAM_EC_PUB_X));
  append(message, number_of<32>(key->get(), OSSL_PKEY_PARAM_EC_PUB_Y));
  registration.attestation = statement_with_certificates(0, issuer.sign(message), {certificate});
}

Result<Credential> Enrollment::verify() const {
  return verify_registration(asked.challenge(), registration, now);
}

std::string Enrollment::outcome() const {
  const Result<Credential> result = verify();
  if (result) return "registered";
  CHECK(result.error().kind == ErrorKind::InvalidInput);
  const std::string &sentence = result.error().sentence;
  return sentence.substr(sentence.rfind(' ') + 1);
}

std::string read_data(const std::string &name) {
  std::ifstream file(std::string(TEST_DATA_DIR) + "/" + name);
  CHECK(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace passkeyd::test
