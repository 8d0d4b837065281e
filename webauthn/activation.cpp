/// MakeCredential, by OpenSSL: a seed for the endorsement key, and two keys made of that.
#include "webauthn/activation.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <array>
#include <string_view>

#include "common/secret.h"

namespace passkeyd {
namespace {

using Key = Handle<EVP_PKEY, EVP_PKEY_free>;
using KeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using Kdf = Handle<EVP_KDF, EVP_KDF_free>;
using KdfContext = Handle<EVP_KDF_CTX, EVP_KDF_CTX_free>;
using CipherContext = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

/// What a template fixes.
struct Suite {
  const EVP_MD *hash;
  const char *hash_name;
  const EVP_CIPHER *cipher;
  const char *group;  ///< nullptr: RSA-2048
};

Suite suite_of(EndorsementKind kind) {
  switch (kind) {
    case EndorsementKind::EccP256:
    case EndorsementKind::EccP256High:
      return {EVP_sha256(), "SHA256", EVP_aes_128_cfb128(), "prime256v1"};
    case EndorsementKind::EccP384High:
      return {EVP_sha384(), "SHA384", EVP_aes_256_cfb128(), "secp384r1"};
    case EndorsementKind::Rsa2048:
    case EndorsementKind::Rsa2048High:
      break;
  }
  return {EVP_sha256(), "SHA256", EVP_aes_128_cfb128(), nullptr};
}

Error failed(const char *what) {
  return {ErrorKind::Internal, std::string("OpenSSL could not ") + what};
}

/// OSSL_PARAM wants pointers to non-const and does not write through them.
OSSL_PARAM octets(const char *key, ByteView bytes) {
  return OSSL_PARAM_construct_octet_string(key, const_cast<std::uint8_t *>(bytes.data()), bytes.size());
}
OSSL_PARAM text(const char *key, const char *value) {
  return OSSL_PARAM_construct_utf8_string(key, const_cast<char *>(value), 0);
}

/// The label as both key derivations want it: with its closing zero.
ByteView closed(std::string_view literal) {
  return {reinterpret_cast<const std::uint8_t *>(literal.data()), literal.size() + 1};
}

Result<Secret> derive(const char *algorithm, const OSSL_PARAM *parameters, std::size_t size) {
  const Kdf kdf(EVP_KDF_fetch(nullptr, algorithm, nullptr));
  const KdfContext context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> derived{};
  if (!context || EVP_KDF_derive(context.get(), derived.data(), size, parameters) != 1)
    return failed("derive a key");
  Secret value(ByteView(derived).first(size));
  OPENSSL_cleanse(derived.data(), derived.size());
  return value;
}

/// Part 1, "KDFa()": SP 800-108 in counter mode with HMAC. Its label closes itself: OpenSSL adds that zero.
Result<Secret> kdfa(const Suite &suite, const Secret &seed, std::string_view label, ByteView context,
                    std::size_t size) {
  const std::array parameters = {
      text(OSSL_KDF_PARAM_MODE, "counter"),
      text(OSSL_KDF_PARAM_MAC, "HMAC"),
      text(OSSL_KDF_PARAM_DIGEST, suite.hash_name),
      octets(OSSL_KDF_PARAM_KEY, seed.bytes()),
      octets(OSSL_KDF_PARAM_SALT, bytes_of(label)),
      octets(OSSL_KDF_PARAM_INFO, context),
      OSSL_PARAM_construct_end(),
  };
  return derive("KBKDF", parameters.data(), size);
}

/// A seed, and how the TPM is told of it.
struct Seed {
  Secret value;
  Bytes wrapped;
};

Result<Bytes> encoded_point(const EVP_PKEY *key) {
  std::array<std::uint8_t, 256> point{};
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point.data(), point.size(),
                                      &size) != 1 ||
      size < 3 || point[0] != 0x04)
    return failed("write a point");
  return copy_of(ByteView(point).first(size));
}

void append_sized(Bytes &to, ByteView part) {
  to.push_back(static_cast<std::uint8_t>(part.size() >> 8));
  to.push_back(static_cast<std::uint8_t>(part.size()));
  to.insert(to.end(), part.begin(), part.end());
}

/// Part 1, "ECC Secret Sharing": a key pair for this once, and KDFe() (SP 800-56A) over what both sides
/// share.
Result<Seed> share_by_ecdh(const Suite &suite, EVP_PKEY *theirs) {
  const Key ours(EVP_EC_gen(suite.group));
  const KeyContext context(ours ? EVP_PKEY_CTX_new_from_pkey(nullptr, ours.get(), nullptr) : nullptr);
  std::array<std::uint8_t, 66> shared{};
  std::size_t size = shared.size();
  if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), theirs) != 1 ||
      EVP_PKEY_derive(context.get(), shared.data(), &size) != 1)
    return Error{ErrorKind::Unsupported, "the endorsement key is none of its kind"};
  const Bytes our_point = TRY(encoded_point(ours.get())), their_point = TRY(encoded_point(theirs));
  const std::size_t half = (our_point.size() - 1) / 2;
  const ByteView our_x = ByteView(our_point).subspan(1, half), our_y = ByteView(our_point).subspan(1 + half);
  Bytes parties = copy_of(closed("IDENTITY"));
  parties.insert(parties.end(), our_x.begin(), our_x.end());
  parties.insert(parties.end(), their_point.begin() + 1,
                 their_point.begin() + 1 + static_cast<std::ptrdiff_t>(half));
  const std::array parameters = {text(OSSL_KDF_PARAM_DIGEST, suite.hash_name),
                                 octets(OSSL_KDF_PARAM_KEY, ByteView(shared).first(size)),
                                 octets(OSSL_KDF_PARAM_INFO, parties), OSSL_PARAM_construct_end()};
  Result<Secret> value =
      derive("SSKDF", parameters.data(), static_cast<std::size_t>(EVP_MD_get_size(suite.hash)));
  OPENSSL_cleanse(shared.data(), shared.size());
  if (!value) return std::move(value).error();
  Seed seed{std::move(value).value(), {}};
  append_sized(seed.wrapped, our_x);
  append_sized(seed.wrapped, our_y);
  return seed;
}

/// Part 1, "RSAES_OAEP": the seed is random and encrypted with the label.
Result<Seed> share_by_rsa(const Suite &suite, EVP_PKEY *theirs) {
  std::array<std::uint8_t, 32> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return failed("give random bytes");
  Seed seed{Secret(random), Bytes(static_cast<std::size_t>(EVP_PKEY_get_size(theirs)))};
  OPENSSL_cleanse(random.data(), random.size());
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, theirs, nullptr));
  const OSSL_PARAM parameters[] = {text(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_OAEP),
                                   text(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, suite.hash_name),
                                   text(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, suite.hash_name),
                                   octets(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, closed("IDENTITY")),
                                   OSSL_PARAM_construct_end()};
  std::size_t size = seed.wrapped.size();
  if (!context || EVP_PKEY_encrypt_init_ex(context.get(), parameters) != 1 ||
      EVP_PKEY_encrypt(context.get(), seed.wrapped.data(), &size, seed.value.bytes().data(),
                       seed.value.size()) != 1)
    return failed("encrypt for the endorsement key");
  seed.wrapped.resize(size);
  return seed;
}

Status check_kind(const Suite &suite, const EVP_PKEY *key) {
  std::array<char, 32> group{};
  const bool fits = suite.group == nullptr
                        ? EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) == 2048
                        : EVP_PKEY_is_a(key, "EC") == 1 &&
                              EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
                              std::string_view(group.data()) == suite.group;
  if (!fits) return Error{ErrorKind::Unsupported, "the endorsement key is none of its kind"};
  return Ok{};
}

Result<Bytes> encrypt(const Suite &suite, const Secret &key, ByteView plain) {
  const std::array<std::uint8_t, EVP_MAX_IV_LENGTH> zeros{};
  const CipherContext context(EVP_CIPHER_CTX_new());
  Bytes hidden(plain.size());
  int size = 0;
  if (!context ||
      EVP_EncryptInit_ex2(context.get(), suite.cipher, key.bytes().data(), zeros.data(), nullptr) != 1 ||
      EVP_EncryptUpdate(context.get(), hidden.data(), &size, plain.data(), static_cast<int>(plain.size())) !=
          1)
    return failed("encrypt");
  return hidden;
}

}  // namespace

Result<WrappedSecret> wrap_for(EndorsementKind kind, EVP_PKEY *endorsement, ByteView name, ByteView secret) {
  if (secret.size() > 32) return Error{ErrorKind::InvalidInput, "the secret is too long to be wrapped"};
  const Suite suite = suite_of(kind);
  const auto hash_size = static_cast<std::size_t>(EVP_MD_get_size(suite.hash));
  TRY(check_kind(suite, endorsement));
  Seed seed =
      TRY(suite.group == nullptr ? share_by_rsa(suite, endorsement) : share_by_ecdh(suite, endorsement));
  const Secret storage = TRY(kdfa(suite, seed.value, "STORAGE", name,
                                  static_cast<std::size_t>(EVP_CIPHER_get_key_length(suite.cipher))));
  const Secret integrity = TRY(kdfa(suite, seed.value, "INTEGRITY", {}, hash_size));
  Bytes plain;
  append_sized(plain, secret);
  Result<Bytes> encrypted = encrypt(suite, storage, plain);
  OPENSSL_cleanse(plain.data(), plain.size());
  const Bytes hidden = TRY(std::move(encrypted));
  Bytes sealed = hidden;
  sealed.insert(sealed.end(), name.begin(), name.end());
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> seal{};
  if (HMAC(suite.hash, integrity.bytes().data(), static_cast<int>(integrity.size()), sealed.data(),
           sealed.size(), seal.data(), nullptr) == nullptr)
    return failed("seal");
  WrappedSecret wrapped{{}, std::move(seed.wrapped)};
  append_sized(wrapped.blob, ByteView(seal).first(hash_size));
  wrapped.blob.insert(wrapped.blob.end(), hidden.begin(), hidden.end());
  return wrapped;
}

}  // namespace passkeyd
