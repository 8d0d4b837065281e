/// COSE keys and attestation statements, written.
#include "webauthn/cose.h"

#include "webauthn/cbor.h"

namespace passkeyd {
namespace {

/// COSE_Key labels and values that we use: RFC 9052 section 7.1, RFC 9053 section 7.1, IANA "COSE".
constexpr int kKty = 1, kAlg = 3;
constexpr int kKtyEc2 = 2;
constexpr int kCrv = -1, kX = -2, kY = -3;
constexpr int kCrvP256 = 1;

}  // namespace

Bytes es256_cose(std::span<const std::uint8_t, 32> x, std::span<const std::uint8_t, 32> y) {
  cbor::Writer writer;
  writer.map(5);
  writer.integer(kKty).integer(kKtyEc2);
  writer.integer(kAlg).integer(static_cast<int>(Algorithm::Es256));
  writer.integer(kCrv).integer(kCrvP256);
  writer.integer(kX).byte_string(x);
  writer.integer(kY).byte_string(y);
  return writer.take();
}

Bytes packed_self_attestation(Algorithm algorithm, ByteView signature) {
  cbor::Writer writer;
  writer.map(2);
  writer.text("alg").integer(static_cast<int>(algorithm));
  writer.text("sig").byte_string(signature);
  return writer.take();
}

}  // namespace passkeyd
