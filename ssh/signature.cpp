/// SSHSIG, and sk signatures as assertions.
#include "ssh/signature.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/sha.h>

#include <array>

#include "common/handle.h"
#include "ssh/wire.h"
#include "webauthn/hash.h"

namespace passkeyd::ssh {
namespace {

constexpr std::string_view kMagic = "SSHSIG";
constexpr std::size_t kMaxInteger = 33;  // an mpint of 256 bits may have a zero byte before it

void free_signature(ECDSA_SIG *signature) {
  ECDSA_SIG_free(signature);
}
using Signature = Handle<ECDSA_SIG, free_signature>;

Error malformed() {
  return {ErrorKind::Malformed, "the SSH agent's answer is no signature of a security key"};
}

/// Two mpints (RFC 4251) as the DER that WebAuthn has.
std::optional<Bytes> der_of(ByteView two_integers) {
  Reader reader(two_integers);
  const std::optional<ByteView> r = reader.string();
  const std::optional<ByteView> s = r ? reader.string() : std::nullopt;
  if (!s || !reader.at_end() || r->size() > kMaxInteger || s->size() > kMaxInteger) return std::nullopt;
  const Signature signature(ECDSA_SIG_new());
  BIGNUM *first = BN_bin2bn(r->data(), static_cast<int>(r->size()), nullptr);
  BIGNUM *second = BN_bin2bn(s->data(), static_cast<int>(s->size()), nullptr);
  if (!signature || ECDSA_SIG_set0(signature.get(), first, second) != 1) {
    BN_free(first);
    BN_free(second);
    return std::nullopt;
  }
  unsigned char *out = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &out);
  if (size <= 0) return std::nullopt;
  Bytes der(out, out + size);
  OPENSSL_free(out);
  return der;
}

}  // namespace

std::string to_be_signed(std::string_view message) {
  std::array<std::uint8_t, SHA512_DIGEST_LENGTH> hash{};
  SHA512(reinterpret_cast<const unsigned char *>(message.data()), message.size(), hash.data());
  Writer writer;
  writer.raw(bytes_of(kMagic)).text(kNamespace).text("").text("sha512").string(hash);
  const Bytes bytes = writer.take();
  return {bytes.begin(), bytes.end()};
}

Result<Assertion> assertion_from(ByteView signature_blob, const Key &key, Bytes id, std::string signed_text) {
  Reader reader(signature_blob);
  const std::optional<std::string_view> type = reader.text();
  const std::optional<ByteView> signature = type ? reader.string() : std::nullopt;
  const std::optional<std::uint8_t> flags = signature ? reader.byte() : std::nullopt;
  const std::optional<std::uint32_t> counter = flags ? reader.number() : std::nullopt;
  if (!counter || !reader.at_end() || *type != key.type) return malformed();
  const bool ec = key.key.algorithm == Algorithm::Es256;
  std::optional<Bytes> proof = ec ? der_of(*signature) : copy_of(*signature);
  if (!proof) return malformed();
  Writer data;
  data.raw(sha256(bytes_of(key.application.str()))).byte(*flags).number(*counter);
  return Assertion{std::move(id), data.take(), *std::move(proof), std::move(signed_text), {}};
}

}  // namespace passkeyd::ssh
