/// COSE keys and attestation statements, written.
#include "webauthn/cose.h"

#include "webauthn/cbor.h"
#include "webauthn/cose_labels.h"

namespace passkeyd {
Bytes es256_cose(std::span<const std::uint8_t, 32> x, std::span<const std::uint8_t, 32> y) {
  cbor::Writer writer;
  writer.map(5);
  writer.integer(cose::kKty).integer(cose::kKtyEc2);
  writer.integer(cose::kAlg).integer(static_cast<int>(Algorithm::Es256));
  writer.integer(cose::kCrv).integer(cose::kCrvP256);
  writer.integer(cose::kX).byte_string(x);
  writer.integer(cose::kY).byte_string(y);
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
