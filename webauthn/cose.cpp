/// COSE keys and attestation statements, written.
#include "webauthn/cose.h"

#include "webauthn/cbor.h"
#include "webauthn/cose_labels.h"

namespace passkeyd {
namespace {

/// Takes a label and the integer under it, if they are these.
bool takes(cbor::Reader &reader, int label, int value) {
  return reader.integer() == label && reader.integer() == value;
}

std::optional<ByteView> coordinate(cbor::Reader &reader, int label) {
  if (reader.integer() != label) return std::nullopt;
  const std::optional<ByteView> found = reader.byte_string();
  return found && found->size() == 32 ? found : std::nullopt;
}

}  // namespace

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

Bytes ed25519_cose(std::span<const std::uint8_t, 32> x) {
  cbor::Writer writer;
  writer.map(4);
  writer.integer(cose::kKty).integer(cose::kKtyOkp);
  writer.integer(cose::kAlg).integer(static_cast<int>(Algorithm::EdDsa));
  writer.integer(cose::kCrv).integer(cose::kCrvEd25519);
  writer.integer(cose::kX).byte_string(x);
  return writer.take();
}

std::optional<Bytes> point_of(const PublicKey &key) {
  const bool ec = key.algorithm == Algorithm::Es256;
  if (!ec && key.algorithm != Algorithm::EdDsa) return std::nullopt;
  cbor::Reader reader(key.cose);
  if (reader.map() != (ec ? 5U : 4U)) return std::nullopt;
  if (!takes(reader, cose::kKty, ec ? cose::kKtyEc2 : cose::kKtyOkp)) return std::nullopt;
  if (!takes(reader, cose::kAlg, static_cast<int>(key.algorithm))) return std::nullopt;
  if (!takes(reader, cose::kCrv, ec ? cose::kCrvP256 : cose::kCrvEd25519)) return std::nullopt;
  const std::optional<ByteView> x = coordinate(reader, cose::kX);
  if (!x) return std::nullopt;
  Bytes point = copy_of(*x);
  if (!ec) return point;
  const std::optional<ByteView> y = coordinate(reader, cose::kY);
  if (!y) return std::nullopt;
  point.insert(point.end(), y->begin(), y->end());
  return point;
}

Bytes packed_self_attestation(Algorithm algorithm, ByteView signature) {
  cbor::Writer writer;
  writer.map(2);
  writer.text("alg").integer(static_cast<int>(algorithm));
  writer.text("sig").byte_string(signature);
  return writer.take();
}

}  // namespace passkeyd
