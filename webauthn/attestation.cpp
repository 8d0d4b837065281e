/// Attestation statements: taken apart here, their signatures checked by libfido2.
#include "webauthn/attestation.h"

#include <fido.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "webauthn/cbor.h"
#include "webauthn/certificate.h"
#include "webauthn/checks.h"

namespace passkeyd {
namespace {

void free_cred(fido_cred_t *held) {
  fido_cred_free(&held);
}
using FidoCred = Handle<fido_cred_t, free_cred>;
using ObjectId = Handle<ASN1_OBJECT, ASN1_OBJECT_free>;

/// attStmt of "packed" and "fido-u2f".
struct Statement {
  std::optional<std::int64_t> alg;
  std::optional<ByteView> signature;
  std::vector<ByteView> certificates;  ///< x5c, the signing one first
};

bool read_certificates(cbor::Reader &reader, Statement &statement) {
  const auto count = reader.array();
  if (!count || *count == 0 || *count > kMaxChain || !statement.certificates.empty()) return false;
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

/// Section 8.2.1: the extension id-fido-gen-ce-aaguid; nullptr if the certificate has none.
X509_EXTENSION *aaguid_extension(const X509 *certificate) {
  const ObjectId oid(OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1));
  const int where = X509_get_ext_by_OBJ(certificate, oid.get(), -1);
  return where < 0 ? nullptr : X509_get_ext(certificate, where);
}

/// That extension, if it is there, wraps the AAGUID in an OCTET STRING.
bool names_other_aaguid(const X509 *certificate, const Aaguid &aaguid) {
  X509_EXTENSION *const extension = aaguid_extension(certificate);
  if (extension == nullptr) return false;
  const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
  Bytes expected = {V_ASN1_OCTET_STRING, static_cast<std::uint8_t>(aaguid.size())};
  expected.insert(expected.end(), aaguid.begin(), aaguid.end());
  const ByteView found(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)));
  return !std::equal(found.begin(), found.end(), expected.begin(), expected.end());
}

/// The text of a part of the subject; empty if it is not there or longer than any that is expected.
std::string subject_part(const X509 *certificate, int nid) {
  std::array<char, 256> text{};
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), nid, text.data(),
                                             static_cast<int>(text.size()));
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

/// What section 8.2.1 asks of a certificate that attests. A key whose certificate is otherwise is no worse
/// than one without, but no better either.
bool may_attest(const X509 *certificate) {
  X509_EXTENSION *const extension = aaguid_extension(certificate);
  return X509_get_version(certificate) == X509_VERSION_3 &&
         subject_part(certificate, NID_countryName).size() == 2 &&
         !subject_part(certificate, NID_organizationName).empty() &&
         subject_part(certificate, NID_organizationalUnitName) == "Authenticator Attestation" &&
         !subject_part(certificate, NID_commonName).empty() &&
         X509_check_ca(const_cast<X509 *>(certificate)) == 0 &&  // it only reads
         (extension == nullptr || X509_EXTENSION_get_critical(extension) == 0);
}

/// Who stands behind a statement whose signature is good. A U2F signature does not cover the AAGUID, so one
/// that is claimed beside it is nobody's word.
Attested attested_by(const std::string &format, const Statement &statement, const AttestedTo &to) {
  Attested attested;
  if (statement.certificates.empty()) {
    attested.attestation = Attestation::Self;
    return attested;
  }
  attested.attestation = Attestation::Untrusted;
  const Certificate leaf = read_certificate(statement.certificates.front());
  if (!leaf) return attested;
  attested.attested_by = issuer_of(leaf.get());
  const bool good = format == "fido-u2f" ? to.data.attested->aaguid == Aaguid{} : may_attest(leaf.get());
  if (!good) return attested;
  for (const ByteView der : statement.certificates)
    attested.certificates.insert(attested.certificates.end(), der.begin(), der.end());
  return attested;
}

/// The rules of each format that libfido2 does not check.
bool keeps_the_rules(const std::string &format, const Statement &statement, const AttestedTo &to) {
  if (!statement.signature || statement.signature->empty() || statement.signature->size() > kMaxSignature)
    return false;
  const int own = static_cast<int>(to.key.algorithm());
  const bool u2f = format == "fido-u2f";
  if (statement.certificates.empty()) return !u2f && statement.alg == own;
  const Certificate leaf = read_certificate(statement.certificates.front());
  if (!leaf) return false;
  if (u2f)
    return statement.certificates.size() == 1 && to.key.algorithm() == Algorithm::Es256 &&
           statement.alg.value_or(own) == own && has_p256_key(leaf.get());
  return statement.alg && !names_other_aaguid(leaf.get(), to.data.attested->aaguid);
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

Result<Attested> check_attestation(const Registration &registration, const AttestedTo &to) {
  const auto cred_protect = read_cred_protect(to.data.extensions);
  if (!cred_protect) return refused(Refusal::ExtensionsWrong);
  if (registration.attestation.empty() || registration.attestation.size() > kMaxAttestation)
    return refused(Refusal::Malformed);

  const std::string &format = registration.format;
  if (format == "none") {
    cbor::Reader reader(registration.attestation);
    if (reader.map() != 0 || !reader.at_end()) return refused(Refusal::AttestationWrong);
    return Attested{.attestation = Attestation::None};
  }
  if (format != "packed" && format != "fido-u2f") return refused(Refusal::AttestationWrong);
  const std::optional<Statement> statement = read_statement(registration.attestation);
  if (!statement || !keeps_the_rules(format, *statement, to)) return refused(Refusal::AttestationWrong);
  const Refusal refusal = check_signature(registration, *statement, to, *cred_protect);
  if (refusal != Refusal::None) return refused(refusal);
  return attested_by(format, *statement, to);
}

}  // namespace passkeyd
