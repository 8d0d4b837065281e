/// Verifying a JWS with OpenSSL.
#include "webauthn/jws.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <array>

#include "webauthn/base64url.h"
#include "webauthn/certificate.h"
#include "webauthn/chain.h"
#include "webauthn/json.h"

namespace passkeyd {
namespace {

using Json = nlohmann::json;
using Digest = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using EcSignature = Handle<ECDSA_SIG, ECDSA_SIG_free>;

constexpr std::size_t kMaxHeader = 128UL * 1024;  ///< characters; kMaxChain certificates and some words
constexpr JsonBounds kHeaderBounds{4, 64};
constexpr std::size_t kMaxSignature = 1024;  ///< bytes; RSA of 8192 bits

Error malformed(const char *what) {
  return {ErrorKind::Malformed, std::string("signed text: ") + what};
}

Error untrusted(const std::string &what) {
  return {ErrorKind::Untrusted, "signed text: " + what};
}

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  ///< the first two with their dot
};

Result<Parts> parts_of(std::string_view jws) {
  const std::size_t first = jws.find('.');
  const std::size_t second = first == jws.npos ? first : jws.find('.', first + 1);
  if (second == jws.npos || jws.find('.', second + 1) != jws.npos) return malformed("has not three parts");
  return Parts{jws.substr(0, first), jws.substr(first + 1, second - first - 1), jws.substr(second + 1),
               jws.substr(0, second)};
}

Result<std::string> text_of(std::string_view part) {
  const std::optional<Bytes> bytes = from_base64url(part);
  if (!bytes) return malformed("a part is no base64url");
  return std::string(bytes->begin(), bytes->end());
}

Result<std::vector<Bytes>> chain_in(const Json &header) {
  const Json *list = array_in(header, "x5c");
  if (list == nullptr || list->empty() || list->size() > kMaxChain)
    return malformed("brings no certificates, or too many");
  std::vector<Bytes> chain;
  for (const Json &each : *list) {
    const auto *text = each.get_ptr<const std::string *>();
    std::optional<Bytes> der = text == nullptr ? std::nullopt : from_base64(*text);
    if (!der) return malformed("a certificate is no base64");
    chain.push_back(std::move(*der));
  }
  return chain;
}

/// ECDSA's two numbers, 32 bytes each (RFC 7518 section 3.4), as DER.
Bytes der_signature(const Bytes &raw) {
  constexpr std::size_t kHalf = 32;
  if (raw.size() != 2 * kHalf) return {};
  const EcSignature signature(ECDSA_SIG_new());
  BIGNUM *r = BN_bin2bn(raw.data(), kHalf, nullptr);
  BIGNUM *s = BN_bin2bn(raw.data() + kHalf, kHalf, nullptr);
  if (!signature || r == nullptr || s == nullptr || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  std::array<unsigned char, 80> der{};
  unsigned char *at = der.data();
  const int size = i2d_ECDSA_SIG(signature.get(), &at);
  return size > 0 ? Bytes(der.data(), der.data() + size) : Bytes();
}

bool verifies(EVP_PKEY *key, const Bytes &signature, std::string_view text) {
  const Digest context(EVP_MD_CTX_new());
  const ByteView bytes = bytes_of(text);
  const bool good =
      context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), bytes.data(), bytes.size()) == 1;
  ERR_clear_error();
  return good;
}

/// The algorithm is the header's word, the key the certificate's; they must fit.
Status check_signature(std::string_view algorithm, const Parts &parts, X509 *leaf) {
  std::optional<Bytes> signature = from_base64url(parts.signature);
  if (!signature || signature->empty() || signature->size() > kMaxSignature)
    return malformed("the signature is no base64url, or too long");
  EVP_PKEY *key = X509_get0_pubkey(leaf);
  bool fits = false;
  if (algorithm == "RS256")
    fits = key != nullptr && EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= 2048;
  else if (algorithm == "ES256")
    fits = has_p256_key(leaf);
  else
    return Error{ErrorKind::Unsupported, "signed text: its algorithm is neither RS256 nor ES256"};
  if (!fits) return untrusted("the signer's key is not one for the algorithm");
  if (algorithm == "ES256") signature = der_signature(*signature);
  if (!verifies(key, *signature, parts.signed_text)) return untrusted("the signature is wrong");
  return Ok{};
}

}  // namespace

Result<std::string> signed_payload(std::string_view jws, const Signer &signer, WallTime now) {
  const Parts parts = TRY(parts_of(jws));
  if (parts.header.size() > kMaxHeader) return malformed("the header is too long");
  const std::string head = TRY(text_of(parts.header));
  const Json header = parse_bounded(head, kHeaderBounds);
  const std::string *algorithm = text_in(header, "alg");
  if (algorithm == nullptr) return malformed("the header names no algorithm");
  if (*algorithm != "RS256" && *algorithm != "ES256")
    return Error{ErrorKind::Unsupported, "signed text: its algorithm is neither RS256 nor ES256"};
  if (header.contains("crit"))
    return Error{ErrorKind::Unsupported, "signed text: it asks for what is not known here (crit)"};

  const std::vector<Bytes> chain = TRY(chain_in(header));
  const Result<std::string> root = follow_chain(chain, signer.roots, now);
  if (!root) return root.error();
  const Certificate leaf = read_certificate(chain.front());
  if (X509_check_host(leaf.get(), signer.host.data(), signer.host.size(), X509_CHECK_FLAG_NO_WILDCARDS,
                      nullptr) != 1)
    return untrusted("the signer's certificate is not for " + signer.host);
  TRY(check_signature(*algorithm, parts, leaf.get()));
  return text_of(parts.payload);
}

}  // namespace passkeyd
