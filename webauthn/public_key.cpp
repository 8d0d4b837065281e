/// COSE keys, read: the canonical order of members makes this a straight line.
#include "webauthn/public_key.h"

#include <new>

#include "webauthn/cbor.h"
#include "webauthn/cose_labels.h"

namespace passkeyd {
namespace {

Error malformed(const char *what) {
  return Error{ErrorKind::Malformed, std::string("public key: ") + what};
}

Error unsupported(const char *what) {
  return Error{ErrorKind::Unsupported, std::string("public key: ") + what};
}

/// The integer under `label`, if that is what comes next.
std::optional<std::int64_t> integer_at(cbor::Reader &reader, int label) {
  if (reader.integer() != label) return std::nullopt;
  return reader.integer();
}

std::optional<ByteView> bytes_at(cbor::Reader &reader, int label) {
  if (reader.integer() != label) return std::nullopt;
  return reader.byte_string();
}

template <class Key>
Key allocated(Key key) {
  if (!key) throw std::bad_alloc();
  return key;
}

void append(Bytes &to, ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

/// What follows kty and alg, for each algorithm. `pairs` is the number of members in all.
Result<Es256Key> read_es256(cbor::Reader &reader, std::int64_t kty, std::size_t pairs) {
  if (kty != cose::kKtyEc2) return unsupported("ES256 needs a key of type EC2");
  const auto curve = integer_at(reader, cose::kCrv);
  if (!curve) return malformed("no curve");
  if (*curve != cose::kCrvP256) return unsupported("ES256 needs a key on P-256");
  const auto x = bytes_at(reader, cose::kX);
  const auto y = x ? bytes_at(reader, cose::kY) : std::nullopt;
  if (!y || pairs != 5 || !reader.at_end() || x->size() != 32 || y->size() != 32)
    return malformed("no two coordinates of 32 bytes");
  Bytes point = copy_of(*x);
  append(point, *y);
  Es256Key key = allocated(Es256Key(es256_pk_new()));
  if (es256_pk_from_ptr(key.get(), point.data(), point.size()) != FIDO_OK)
    return malformed("the point is not on the curve");
  return key;
}

Result<EdDsaKey> read_eddsa(cbor::Reader &reader, std::int64_t kty, std::size_t pairs) {
  if (kty != cose::kKtyOkp) return unsupported("EdDSA needs a key of type OKP");
  const auto curve = integer_at(reader, cose::kCrv);
  if (!curve) return malformed("no curve");
  if (*curve != cose::kCrvEd25519) return unsupported("EdDSA needs a key on Ed25519");
  const auto x = bytes_at(reader, cose::kX);
  if (!x || pairs != 4 || !reader.at_end() || x->size() != 32) return malformed("no point of 32 bytes");
  EdDsaKey key = allocated(EdDsaKey(eddsa_pk_new()));
  if (eddsa_pk_from_ptr(key.get(), x->data(), x->size()) != FIDO_OK) return malformed("no Ed25519 key");
  return key;
}

Result<Rs256Key> read_rs256(cbor::Reader &reader, std::int64_t kty, std::size_t pairs) {
  if (kty != cose::kKtyRsa) return unsupported("RS256 needs a key of type RSA");
  const auto modulus = bytes_at(reader, cose::kRsaN);
  const auto exponent = modulus ? bytes_at(reader, cose::kRsaE) : std::nullopt;
  if (!exponent || pairs != 4 || !reader.at_end()) return malformed("no modulus and exponent");
  constexpr std::uint8_t k65537[] = {0x01, 0x00, 0x01};
  if (modulus->size() != 256 || modulus->front() < 0x80) return unsupported("RS256 needs 2048 bits");
  if (!std::equal(exponent->begin(), exponent->end(), std::begin(k65537), std::end(k65537)))
    return unsupported("RS256 needs the exponent 65537");
  Bytes both = copy_of(*modulus);
  append(both, *exponent);
  Rs256Key key = allocated(Rs256Key(rs256_pk_new()));
  if (rs256_pk_from_ptr(key.get(), both.data(), both.size()) != FIDO_OK) return malformed("no RSA key");
  return key;
}

}  // namespace

Result<VerifyKey> VerifyKey::from_cose(ByteView cose) {
  cbor::Reader reader(cose);
  const auto pairs = reader.map();
  const auto kty = pairs ? integer_at(reader, cose::kKty) : std::nullopt;
  const auto alg = kty ? integer_at(reader, cose::kAlg) : std::nullopt;
  if (!alg) return malformed("does not begin with its type and algorithm");
  const bool small = *alg >= INT32_MIN && *alg <= INT32_MAX;
  const auto algorithm = small ? algorithm_of(static_cast<int>(*alg)) : std::nullopt;
  if (!algorithm) return unsupported("its algorithm is none of ES256, EdDSA, RS256");
  switch (*algorithm) {
    case Algorithm::Es256:
      return VerifyKey(*algorithm, TRY(read_es256(reader, *kty, *pairs)));
    case Algorithm::EdDsa:
      return VerifyKey(*algorithm, TRY(read_eddsa(reader, *kty, *pairs)));
    case Algorithm::Rs256:
      return VerifyKey(*algorithm, TRY(read_rs256(reader, *kty, *pairs)));
  }
  return unsupported("its algorithm is none of ES256, EdDSA, RS256");
}

const void *VerifyKey::get() const {
  return std::visit([](const auto &key) -> const void * { return key.get(); }, held_);
}

}  // namespace passkeyd
