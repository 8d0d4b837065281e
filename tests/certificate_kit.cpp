/// Issuing certificates with OpenSSL.
#include "tests/certificate_kit.h"

#include <openssl/x509v3.h>

#include "tests/check.h"

namespace passkeyd::test {
namespace {

using ObjectId = Handle<ASN1_OBJECT, ASN1_OBJECT_free>;
using OctetString = Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using Extension = Handle<X509_EXTENSION, X509_EXTENSION_free>;

void add_part(X509_NAME *name, const char *part, const std::string &text) {
  if (text.empty()) return;
  const auto *bytes = reinterpret_cast<const unsigned char *>(text.data());
  const auto size = static_cast<int>(text.size());
  CHECK(X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, bytes, size, -1, 0) == 1);
}

void add_extension(X509 *to, int nid, const std::string &value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  CHECK(extension && X509_add_ext(to, extension.get(), -1) == 1);
}

void add_aaguid(X509 *to, const Aaguid &aaguid, bool critical) {
  Bytes wrapped = {V_ASN1_OCTET_STRING, 16};
  wrapped.insert(wrapped.end(), aaguid.begin(), aaguid.end());
  const OctetString value(ASN1_OCTET_STRING_new());
  CHECK(ASN1_OCTET_STRING_set(value.get(), wrapped.data(), static_cast<int>(wrapped.size())) == 1);
  const ObjectId oid(OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1));
  const Extension extension(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), critical ? 1 : 0, value.get()));
  CHECK(X509_add_ext(to, extension.get(), -1) == 1);
}

/// `issuer`: nullptr for one that issues itself.
Bytes issue(const Paper &paper, EVP_PKEY *key, const Holder *issuer) {
  static long serial = 0;
  const Certificate made(X509_new());
  X509 *const x509 = made.get();
  CHECK(X509_set_version(x509, paper.version) == 1);
  CHECK(ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial) == 1);
  CHECK(ASN1_TIME_set(X509_getm_notBefore(x509), paper.from.time_since_epoch().count()) != nullptr);
  CHECK(ASN1_TIME_set(X509_getm_notAfter(x509), paper.until.time_since_epoch().count()) != nullptr);
  X509_NAME *subject = X509_get_subject_name(x509);
  add_part(subject, "C", paper.country);
  add_part(subject, "O", paper.organization);
  add_part(subject, "OU", paper.unit);
  add_part(subject, "CN", paper.name);
  CHECK(X509_set_pubkey(x509, key) == 1);
  if (paper.version == X509_VERSION_3)
    add_extension(x509, NID_basic_constraints, paper.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (paper.aaguid) add_aaguid(x509, *paper.aaguid, paper.aaguid_critical);
  if (!paper.host.empty()) add_extension(x509, NID_subject_alt_name, "DNS:" + paper.host);

  const unsigned char *at = issuer == nullptr ? nullptr : issuer->der.data();
  const Certificate parent(issuer == nullptr ? nullptr
                                             : d2i_X509(nullptr, &at, static_cast<long>(issuer->der.size())));
  CHECK(X509_set_issuer_name(x509, X509_get_subject_name(parent ? parent.get() : x509)) == 1);
  const bool eddsa = issuer != nullptr && issuer->key.algorithm() == Algorithm::EdDsa;
  CHECK(X509_sign(x509, issuer == nullptr ? key : issuer->key.get(), eddsa ? nullptr : EVP_sha256()) > 0);
  unsigned char *der = nullptr;
  const int size = i2d_X509(x509, &der);
  CHECK(size > 0);
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

Paper Paper::of_authority(const std::string &name) {
  Paper paper;
  paper.unit = "";
  paper.name = name;
  paper.authority = true;
  return paper;
}

Holder::Holder(const Paper &paper, Algorithm algorithm)
    : key(algorithm), der(issue(paper, key.get(), nullptr)) {}

Holder::Holder(const Paper &paper, const Holder &issuer, Algorithm algorithm)
    : key(algorithm), der(issue(paper, key.get(), &issuer)) {}

Holder::Holder(const Paper &paper, const Holder &issuer, EVP_PKEY *other_key)
    : key(Algorithm::Es256), der(issue(paper, other_key, &issuer)) {}

}  // namespace passkeyd::test
