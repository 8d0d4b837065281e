/// Reading certificates.
#include "webauthn/certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>

#include <array>

#include "common/account.h"

namespace passkeyd {
namespace {

using Bio = Handle<BIO, BIO_free_all>;

void free_text(unsigned char *text) {
  OPENSSL_free(text);
}
using Text = Handle<unsigned char, free_text>;

/// The first certificate of `rest`, which is then shorter by it; empty if there is none.
Certificate take_certificate(ByteView &rest) {
  const unsigned char *at = rest.data();
  const std::size_t most = std::min(rest.size(), kMaxCertificate);
  Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(most)));
  ERR_clear_error();
  if (certificate) rest = rest.subspan(static_cast<std::size_t>(at - rest.data()));
  return certificate;
}

Bytes der_of(const X509 *certificate) {
  unsigned char *held = nullptr;
  const int size = i2d_X509(certificate, &held);
  const Text text(held);
  return size > 0 ? Bytes(held, held + size) : Bytes();
}

/// One part of a name, as UTF-8; empty if it is not there.
std::string part_of(const X509_NAME *name, int nid) {
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  if (at < 0) return {};
  unsigned char *held = nullptr;
  const int size = ASN1_STRING_to_UTF8(&held, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  const Text text(held);
  ERR_clear_error();
  return size > 0 ? std::string(held, held + size) : std::string();
}

std::string shown(const X509_NAME *name) {
  constexpr std::size_t kMostShown = 255;
  std::string part = part_of(name, NID_commonName);
  if (part.empty()) part = part_of(name, NID_organizationName);
  if (part.empty()) return "(no name)";
  return part.size() <= kMostShown && is_printable(part) ? part : "(unprintable)";
}

}  // namespace

Certificate read_certificate(ByteView der) {
  if (der.size() > kMaxCertificate) return nullptr;
  Certificate certificate = take_certificate(der);
  return der.empty() ? std::move(certificate) : nullptr;
}

Result<std::vector<Bytes>> split_certificates(ByteView der) {
  std::vector<Bytes> found;
  while (!der.empty()) {
    const ByteView before = der;
    if (!take_certificate(der) || found.size() == kMaxRoots)
      return Error{ErrorKind::Malformed, "no certificates, or too many"};
    found.push_back(copy_of(before.first(before.size() - der.size())));
  }
  return found;
}

Result<std::vector<Bytes>> certificates_of_pem(std::string_view text) {
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  std::vector<Bytes> found;
  while (const Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    found.push_back(der_of(certificate.get()));
    if (found.back().empty() || found.back().size() > kMaxCertificate || found.size() > kMaxRoots)
      return Error{ErrorKind::Malformed, "a certificate is too long, or there are too many"};
  }
  // The end of the text is an error like any other to OpenSSL.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) return Error{ErrorKind::Malformed, "a block in it is damaged, or no certificate"};
  if (found.empty()) return Error{ErrorKind::Malformed, "holds no certificate"};
  return found;
}

std::string subject_of(const X509 *certificate) {
  return shown(X509_get_subject_name(certificate));
}

std::string issuer_of(const X509 *certificate) {
  return shown(X509_get_issuer_name(certificate));
}

Bytes key_identifier_of(const X509 *certificate) {
  Bytes identifier(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (X509_pubkey_digest(certificate, EVP_sha1(), identifier.data(), &size) != 1) size = 0;
  identifier.resize(size);
  return identifier;
}

bool has_p256_key(const X509 *certificate) {
  const EVP_PKEY *key = X509_get0_pubkey(certificate);
  std::array<char, 64> group{};
  const bool named = key != nullptr && EVP_PKEY_is_a(key, "EC") == 1 &&
                     EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1;
  ERR_clear_error();
  return named && OBJ_sn2nid(group.data()) == NID_X9_62_prime256v1;
}

}  // namespace passkeyd
