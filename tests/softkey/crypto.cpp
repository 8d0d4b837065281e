/// OpenSSL 3's EVP layer, one function a primitive.
#include "tests/softkey/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>

#include <stdexcept>

#include "common/handle.h"

namespace passkeyd::softkey {
namespace {

using Pkey = Handle<EVP_PKEY, EVP_PKEY_free>;
using PkeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using CipherContext = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using Params = Handle<OSSL_PARAM, OSSL_PARAM_free>;
using ParamBuilder = Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Number = Handle<BIGNUM, BN_clear_free>;
using Group = Handle<EC_GROUP, EC_GROUP_free>;
using Point = Handle<EC_POINT, EC_POINT_free>;

constexpr std::size_t kCoordinate = 32;
constexpr std::size_t kTag = 16;
constexpr std::size_t kNonce = 12;

void must(bool worked, const char *what) {
  if (!worked) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

int size_of(ByteView view) {
  return static_cast<int>(view.size());
}

/// The uncompressed point 04 || x || y of a P-256 scalar.
Bytes p256_point(ByteView scalar) {
  const Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const Number d(BN_bin2bn(scalar.data(), size_of(scalar), nullptr));
  const Point point(EC_POINT_new(group.get()));
  must(EC_POINT_mul(group.get(), point.get(), d.get(), nullptr, nullptr, nullptr) == 1, "EC_POINT_mul");
  Bytes out(1 + 2 * kCoordinate);
  must(EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, out.data(), out.size(),
                          nullptr) == out.size(),
       "EC_POINT_point2oct");
  return out;
}

/// A P-256 key from its point, and its scalar if we have it. Null if the point is not on the curve.
Pkey p256_key(ByteView point, ByteView scalar) {
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  Number d;
  must(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
           OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                            point.size()) == 1,
       "OSSL_PARAM_BLD");
  if (!scalar.empty()) {
    d.reset(BN_bin2bn(scalar.data(), size_of(scalar), nullptr));
    must(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, d.get()) == 1, "OSSL_PARAM_BLD");
  }
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY *key = nullptr;
  const int selection = scalar.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1)
    return nullptr;
  return Pkey(key);
}

Pkey private_pkey(Algorithm algorithm, ByteView raw) {
  if (algorithm == Algorithm::Es256) return p256_key(p256_point(raw), raw);
  return Pkey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()));
}

Cbor ec_cose_key(ByteView point, int algorithm) {
  const Bytes x = copy_of(point.subspan(1, kCoordinate));
  const Bytes y = copy_of(point.subspan(1 + kCoordinate, kCoordinate));
  return Cbor::Map{{1, 2}, {3, algorithm}, {-1, 1}, {-2, x}, {-3, y}};
}

Bytes aes_cbc(ByteView key, ByteView iv, ByteView data, int encrypt) {
  const CipherContext context(EVP_CIPHER_CTX_new());
  Bytes out(data.size());
  int size = 0;
  must(key.size() == 32 && iv.size() == 16 &&
           EVP_CipherInit_ex2(context.get(), EVP_aes_256_cbc(), key.data(), iv.data(), encrypt, nullptr) ==
               1 &&
           EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
           EVP_CipherUpdate(context.get(), out.data(), &size, data.data(), size_of(data)) == 1 &&
           static_cast<std::size_t>(size) == data.size(),
       "AES-256-CBC");
  return out;
}

}  // namespace

Bytes random_bytes(std::size_t count) {
  Bytes out(count);
  must(RAND_bytes(out.data(), static_cast<int>(count)) == 1, "RAND_bytes");
  return out;
}

Bytes sha256(ByteView data) {
  Bytes out(32);
  must(EVP_Digest(data.data(), data.size(), out.data(), nullptr, EVP_sha256(), nullptr) == 1, "SHA-256");
  return out;
}

Bytes hmac_sha256(ByteView key, ByteView data) {
  Bytes out(32);
  std::size_t size = 0;
  must(EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(), data.data(),
                 data.size(), out.data(), out.size(), &size) != nullptr,
       "HMAC");
  return out;
}

Bytes hkdf_sha256(ByteView secret, std::string_view info) {
  // One block of output, so expand is a single HMAC over info and the counter 1 (RFC 5869).
  const Bytes zeros(32, 0);
  Bytes last = copy_of(bytes_of(info));
  last.push_back(1);
  return hmac_sha256(hmac_sha256(zeros, secret), last);
}

Bytes aes_cbc_encrypt(ByteView key, ByteView iv, ByteView data) {
  return aes_cbc(key, iv, data, 1);
}

Bytes aes_cbc_decrypt(ByteView key, ByteView iv, ByteView data) {
  return aes_cbc(key, iv, data, 0);
}

Bytes seal(ByteView key, ByteView plain, ByteView bound_to) {
  Bytes out = random_bytes(kNonce);
  out.resize(kNonce + plain.size() + kTag);
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  must(EVP_EncryptInit_ex2(context.get(), EVP_aes_256_gcm(), key.data(), out.data(), nullptr) == 1 &&
           EVP_EncryptUpdate(context.get(), nullptr, &size, bound_to.data(), size_of(bound_to)) == 1 &&
           EVP_EncryptUpdate(context.get(), out.data() + kNonce, &size, plain.data(), size_of(plain)) == 1 &&
           EVP_EncryptFinal_ex(context.get(), out.data() + kNonce + size, &size) == 1 &&
           EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTag, out.data() + out.size() - kTag) ==
               1,
       "AES-256-GCM");
  return out;
}

std::optional<Bytes> unseal(ByteView key, ByteView sealed, ByteView bound_to) {
  if (sealed.size() < kNonce + kTag) return std::nullopt;
  const ByteView cipher = sealed.subspan(kNonce, sealed.size() - kNonce - kTag);
  Bytes tag = copy_of(sealed.last(kTag));
  Bytes out(cipher.size());
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  std::uint8_t nothing[16];
  must(EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), key.data(), sealed.data(), nullptr) == 1 &&
           EVP_DecryptUpdate(context.get(), nullptr, &size, bound_to.data(), size_of(bound_to)) == 1 &&
           EVP_DecryptUpdate(context.get(), out.data(), &size, cipher.data(), size_of(cipher)) == 1 &&
           EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTag, tag.data()) == 1,
       "AES-256-GCM");
  if (EVP_DecryptFinal_ex(context.get(), nothing, &size) != 1) return std::nullopt;
  return out;
}

bool same(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Bytes new_private_key(Algorithm algorithm) {
  if (algorithm == Algorithm::EdDsa) return random_bytes(32);
  const Pkey key(EVP_EC_gen("P-256"));
  must(key != nullptr, "EVP_EC_gen");
  BIGNUM *scalar = nullptr;
  must(EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1, "private scalar");
  const Number d(scalar);
  Bytes out(kCoordinate);
  must(BN_bn2binpad(d.get(), out.data(), size_of(out)) == size_of(out), "BN_bn2binpad");
  return out;
}

Cbor public_key(Algorithm algorithm, ByteView private_key) {
  if (algorithm == Algorithm::Es256) return ec_cose_key(p256_point(private_key), -7);
  const Pkey key = private_pkey(algorithm, private_key);
  Bytes x(32);
  std::size_t size = x.size();
  must(key && EVP_PKEY_get_raw_public_key(key.get(), x.data(), &size) == 1, "Ed25519 public key");
  return Cbor::Map{{1, 1}, {3, -8}, {-1, 6}, {-2, x}};
}

Bytes sign(Algorithm algorithm, ByteView private_key, ByteView message) {
  const Pkey key = private_pkey(algorithm, private_key);
  const DigestContext context(EVP_MD_CTX_new());
  const EVP_MD *digest = algorithm == Algorithm::Es256 ? EVP_sha256() : nullptr;
  std::size_t size = 0;
  must(key && EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key.get()) == 1 &&
           EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) == 1,
       "EVP_DigestSign");
  Bytes out(size);
  must(EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) == 1,
       "EVP_DigestSign");
  out.resize(size);
  return out;
}

Cbor agreement_key(ByteView private_key) {
  return ec_cose_key(p256_point(private_key), -25);
}

std::optional<Bytes> agree(ByteView private_key, const Cbor &peer) {
  const Cbor *x = peer.at(-2), *y = peer.at(-3);
  if (!x || !y || !x->bytes() || !y->bytes() || x->bytes()->size() != kCoordinate ||
      y->bytes()->size() != kCoordinate)
    return std::nullopt;
  Bytes point = {4};
  point.insert(point.end(), x->bytes()->begin(), x->bytes()->end());
  point.insert(point.end(), y->bytes()->begin(), y->bytes()->end());
  const Pkey theirs = p256_key(point, {});
  if (!theirs) return std::nullopt;
  const Pkey ours = p256_key(p256_point(private_key), private_key);
  must(ours != nullptr, "own agreement key");
  const PkeyContext context(EVP_PKEY_CTX_new(ours.get(), nullptr));
  Bytes shared(kCoordinate);
  std::size_t size = shared.size();
  if (EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1 ||
      EVP_PKEY_derive(context.get(), shared.data(), &size) != 1 || size != shared.size())
    return std::nullopt;
  return shared;
}

}  // namespace passkeyd::softkey
