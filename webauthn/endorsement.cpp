/// Endorsement certificates, by OpenSSL.
#include "webauthn/endorsement.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>

#include "webauthn/certificate.h"
#include "webauthn/chain.h"

namespace passkeyd {
namespace {

using Names = Handle<GENERAL_NAMES, GENERAL_NAMES_free>;
using BitString = Handle<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using Purposes = Handle<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;
using PKeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

constexpr std::size_t kMaxProduct = 100;

struct Name {
  EndorsementKind kind;
  std::string_view name;
};
constexpr std::array kNames = {
    Name{EndorsementKind::Rsa2048, "rsa-2048"},          Name{EndorsementKind::EccP256, "ecc-p256"},
    Name{EndorsementKind::Rsa2048High, "rsa-2048-high"}, Name{EndorsementKind::EccP256High, "ecc-p256-high"},
    Name{EndorsementKind::EccP384High, "ecc-p384-high"},
};

std::string printable_part(std::string text, std::size_t most) {
  if (text.size() > most) text.resize(most);
  for (char &c : text)
    if (c < ' ' || c > '~') c = '?';
  return text;
}

/// The value of one attribute of a directory name, by its object identifier; empty if it has none.
std::string attribute(const X509_NAME *name, const char *oid) {
  const Handle<ASN1_OBJECT, ASN1_OBJECT_free> object(OBJ_txt2obj(oid, 1));
  const int at = object ? X509_NAME_get_index_by_OBJ(name, object.get(), -1) : -1;
  if (at < 0) return {};
  unsigned char *text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  std::string value(reinterpret_cast<const char *>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return value;
}

/// "id:49465800" is how the TCG writes the four characters of a vendor's id: "IFX".
std::string maker_of(const std::string &id) {
  const std::optional<Bytes> bytes = id.starts_with("id:") ? from_hex(id.substr(3)) : std::nullopt;
  if (!bytes) return id;
  std::string maker;
  for (const std::uint8_t byte : *bytes) {
    const char c = static_cast<char>(byte);
    if (c > ' ' && c <= '~') maker += c;
  }
  return maker.empty() ? id : maker;
}

/// Profile, section 3.2.9: the alternative name holds maker, model and version as a directory name.
std::string product_of(const X509 *certificate) {
  const Names names(
      static_cast<GENERAL_NAMES *>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int at = 0; names && at < sk_GENERAL_NAME_num(names.get()); ++at) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names.get(), at);
    if (name->type != GEN_DIRNAME) continue;
    const std::string id = printable_part(attribute(name->d.directoryName, "2.23.133.2.1"), kMaxProduct / 2);
    const std::string maker = maker_of(id);
    const std::string model =
        printable_part(attribute(name->d.directoryName, "2.23.133.2.2"), kMaxProduct / 2);
    return maker.empty() || model.empty() ? maker + model : maker + " " + model;
  }
  return {};
}

/// The subject of the trusted certificate that `leaf` leads to. That the alternative name is critical where
/// the subject is empty does not hinder OpenSSL; any critical extension that it does not know does.
std::optional<std::string> root_of(const X509 *leaf, ByteView der, const std::vector<Bytes> &roots,
                                   WallTime now) {
  // A certificate that is trusted by itself proves nothing of who made the TPM: it must be signed by another.
  std::vector<Bytes> others;
  for (const Bytes &each : roots)
    if (const Certificate root = read_certificate(each); root && X509_cmp(root.get(), leaf) != 0)
      others.push_back(each);
  Result<std::string> root = follow_chain({copy_of(der)}, others, now);
  if (!root) return std::nullopt;
  return std::move(root).value();
}

/// TCG's purpose for such certificates, tcg-kp-EKCertificate.
constexpr const char *kPurpose = "2.23.133.8.1";

/// Is it there at all, if only damaged or twice?
bool has_extension(const X509 *certificate, int nid) {
  return X509_get_ext_by_NID(certificate, nid, -1) >= 0;
}

/// The profile on key usage: an endorsement key decrypts, or agrees on keys, and does not sign for others.
bool is_usable_as_endorsement(const X509 *certificate, const EVP_PKEY *key) {
  if (!has_extension(certificate, NID_key_usage)) return true;
  const BitString usage(
      static_cast<ASN1_BIT_STRING *>(X509_get_ext_d2i(certificate, NID_key_usage, nullptr, nullptr)));
  constexpr int kKeyEncipherment = 2, kKeyAgreement = 4;  // RFC 5280, section 4.2.1.3
  const int wanted = EVP_PKEY_is_a(key, "RSA") == 1 ? kKeyEncipherment : kKeyAgreement;
  return usage && ASN1_BIT_STRING_get_bit(usage.get(), wanted) == 1;
}

bool is_meant_as_endorsement(const X509 *certificate) {
  if (!has_extension(certificate, NID_ext_key_usage)) return true;
  const Purposes purposes(
      static_cast<EXTENDED_KEY_USAGE *>(X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr)));
  const Handle<ASN1_OBJECT, ASN1_OBJECT_free> wanted(OBJ_txt2obj(kPurpose, 1));
  for (int at = 0; purposes && wanted && at < sk_ASN1_OBJECT_num(purposes.get()); ++at)
    if (OBJ_cmp(sk_ASN1_OBJECT_value(purposes.get(), at), wanted.get()) == 0) return true;
  return false;
}

/// A maker's authority may issue certificates for other things than TPMs' endorsement keys. Their keys live
/// wherever they like, so that with one of those a program could pose as a TPM. What a certificate does not
/// say is not held against it: the profile asks for more than all makers keep to.
bool is_for_endorsement(const X509 *certificate, const EVP_PKEY *key) {
  const bool fits = is_usable_as_endorsement(certificate, key) && is_meant_as_endorsement(certificate);
  ERR_clear_error();
  return fits;
}

}  // namespace

std::string_view name_of(EndorsementKind kind) {
  for (const Name &row : kNames)
    if (row.kind == kind) return row.name;
  return kNames.front().name;
}

std::optional<EndorsementKind> endorsement_kind_of(std::string_view name) {
  for (const Name &row : kNames)
    if (row.name == name) return row.kind;
  return std::nullopt;
}

Result<EndorsementCertificate> read_endorsement(ByteView certificate, const std::vector<Bytes> &roots,
                                                WallTime now) {
  const Error malformed{ErrorKind::Malformed, "the TPM's endorsement certificate does not parse"};
  if (certificate.size() > kMaxEndorsementCertificate) return malformed;
  const Certificate leaf = read_certificate(certificate);
  if (!leaf) return malformed;
  EndorsementCertificate read;
  read.key.reset(X509_get_pubkey(leaf.get()));
  if (!read.key) return malformed;
  read.product = product_of(leaf.get());
  read.issuer = issuer_of(leaf.get());
  if (is_for_endorsement(leaf.get(), read.key.get()))
    read.root = root_of(leaf.get(), certificate, roots, now);
  return read;
}

Result<Handle<EVP_PKEY, EVP_PKEY_free>> endorsement_key(EndorsementKind kind, ByteView point) {
  const Error malformed{ErrorKind::Malformed, "the TPM's endorsement key is no point of its curve"};
  if (kind != EndorsementKind::EccP256 && kind != EndorsementKind::EccP256High) return malformed;
  char group[] = "P-256";
  const std::array parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<std::uint8_t *>(point.data()),
                                        point.size()),
      OSSL_PARAM_construct_end(),
  };
  const PKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY *made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY,
                        const_cast<OSSL_PARAM *>(parameters.data())) != 1)
    return malformed;
  return Handle<EVP_PKEY, EVP_PKEY_free>(made);
}

}  // namespace passkeyd
