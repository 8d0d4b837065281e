/// Attestation statements: taken apart here, their signatures checked by libfido2.
#include "webauthn/attestation.h"

#include <fido.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "webauthn/cbor.h"
#include "webauthn/checks.h"

namespace passkeyd {
namespace {

void free_cred(fido_cred_t *held) {
  fido_cred_free(&held);
}
using FidoCred = Handle<fido_cred_t, free_cred>;
using Certificate = Handle<X509, X509_free>;
using ObjectId = Handle<ASN1_OBJECT, ASN1_OBJECT_free>;

constexpr std::size_t kMaxCertificates = 8;

/// attStmt of "packed" and "fido-u2f".
struct Statement {
  std::optional<std::int64_t> alg;
  std::optional<ByteView> signature;
  std::vector<ByteView> certificates;  ///< x5c, the signing one first
};

bool read_certificates(cbor::Reader &reader, Statement &statement) {
  const auto count = reader.array();
  if (!count || *count == 0 || *count > kMaxCertificates || !statement.certificates.empty()) return false;
  for (std::size_t at = 0; at < *count; ++at) {
    const auto certificate = reader.byte_string();
    if (!certificate || certificate->empty()) return false;
    statement.certificates.push_back(*certificate);
  }
  return true;
}

/// nullopt: no such map, a member twice, or one that does not belong there.
std::optional<Statement> read_statement(ByteView bytes) {
  Statement statement;
  cbor::Reader reader(bytes);
  const auto pairs = reader.map();
  if (!pairs) return std::nullopt;
  for (std::size_t at = 0; at < *pairs; ++at) {
    const auto name = reader.text();
    bool good = false;
    if (name == "alg" && !statement.alg)
      good = (statement.alg = reader.integer()).has_value();
    else if (name == "sig" && !statement.signature)
      good = (statement.signature = reader.byte_string()).has_value();
    else if (name == "x5c")
      good = read_certificates(reader, statement);
    if (!good) return std::nullopt;
  }
  if (!reader.at_end()) return std::nullopt;
  return statement;
}

/// The level of credProtect, 0 for no extension at all; nullopt if there is anything else.
std::optional<int> read_cred_protect(const Bytes &extensions) {
  if (extensions.empty()) return 0;
  cbor::Reader reader(extensions);
  if (reader.map() != 1 || reader.text() != "credProtect") return std::nullopt;
  const auto level = reader.integer();
  if (!level || *level < FIDO_CRED_PROT_UV_OPTIONAL || *level > FIDO_CRED_PROT_UV_REQUIRED)
    return std::nullopt;
  return static_cast<int>(*level);
}

/// Section 8.2.1: id-fido-gen-ce-aaguid, if the certificate has it, wraps the AAGUID in an OCTET STRING.
bool names_other_aaguid(ByteView der, const Aaguid &aaguid) {
  const unsigned char *at = der.data();
  const Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  const ObjectId oid(OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1));
  if (!certificate || !oid || at != der.data() + der.size()) return true;
  const int where = X509_get_ext_by_OBJ(certificate.get(), oid.get(), -1);
  if (where < 0) return false;
  const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(certificate.get(), where));
  Bytes expected = {V_ASN1_OCTET_STRING, static_cast<std::uint8_t>(aaguid.size())};
  expected.insert(expected.end(), aaguid.begin(), aaguid.end());
  const ByteView found(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)));
  return !std::equal(found.begin(), found.end(), expected.begin(), expected.end());
}

/// The rules of each format that libfido2 does not check.
bool keeps_the_rules(const std::string &format, const Statement &statement, const AttestedTo &to) {
  if (!statement.signature || statement.signature->empty() || statement.signature->size() > kMaxSignature)
    return false;
  const int own = static_cast<int>(to.key.algorithm());
  if (format == "fido-u2f")
    return statement.certificates.size() == 1 && to.key.algorithm() == Algorithm::Es256 &&
           statement.alg.value_or(own) == own;
  if (statement.certificates.empty()) return statement.alg == own;
  return statement.alg && !names_other_aaguid(statement.certificates.front(), to.data.attested->aaguid);
}

Refusal check_signature(const Registration &registration, const Statement &statement, const AttestedTo &to,
                        int cred_protect) {
  const Sha256 hash = sha256(bytes_of(registration.client_data));
  const Bytes &data = registration.authenticator_data;
  const Bytes &attestation = registration.attestation;
  const int mask = cred_protect == 0 ? 0 : FIDO_EXT_CRED_PROTECT;
  const FidoCred held(fido_cred_new());
  fido_cred_t *const fido = held.get();
  const bool ready =
      fido != nullptr && fido_cred_set_type(fido, static_cast<int>(to.key.algorithm())) == FIDO_OK &&
      fido_cred_set_rp(fido, to.rp_id.str().c_str(), nullptr) == FIDO_OK &&
      fido_cred_set_clientdata_hash(fido, hash.data(), hash.size()) == FIDO_OK &&
      fido_cred_set_extensions(fido, mask) == FIDO_OK && fido_cred_set_prot(fido, cred_protect) == FIDO_OK &&
      fido_cred_set_uv(fido, to.uv_required ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) == FIDO_OK &&
      fido_cred_set_authdata_raw(fido, data.data(), data.size()) == FIDO_OK &&
      fido_cred_set_fmt(fido, registration.format.c_str()) == FIDO_OK;
  if (!ready) return Refusal::Malformed;
  if (fido_cred_set_attstmt(fido, attestation.data(), attestation.size()) != FIDO_OK)
    return Refusal::AttestationWrong;
  const bool self = statement.certificates.empty();
  const int verified = self ? fido_cred_verify_self(fido) : fido_cred_verify(fido);
  return verified == FIDO_OK ? Refusal::None : Refusal::SignatureWrong;
}

}  // namespace

Refusal check_attestation(const Registration &registration, const AttestedTo &to) {
  const auto cred_protect = read_cred_protect(to.data.extensions);
  if (!cred_protect) return Refusal::ExtensionsWrong;
  if (registration.attestation.empty() || registration.attestation.size() > kMaxAttestation)
    return Refusal::Malformed;

  const std::string &format = registration.format;
  if (format == "none") {
    cbor::Reader reader(registration.attestation);
    return reader.map() == 0 && reader.at_end() ? Refusal::None : Refusal::AttestationWrong;
  }
  if (format != "packed" && format != "fido-u2f") return Refusal::AttestationWrong;
  const std::optional<Statement> statement = read_statement(registration.attestation);
  if (!statement || !keeps_the_rules(format, *statement, to)) return Refusal::AttestationWrong;
  return check_signature(registration, *statement, to, *cred_protect);
}

}  // namespace passkeyd
