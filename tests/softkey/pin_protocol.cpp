/// Protocol one: one key, a zero IV, short MACs. Protocol two: a key each, random IVs, whole MACs.
#include "tests/softkey/pin_protocol.h"

namespace passkeyd::softkey {
namespace {

constexpr std::size_t kBlock = 16;
const Bytes kZeroIv(kBlock, 0);

/// The part of a protocol-two secret that is meant for AES. (A token is only ever a MAC key.)
ByteView aes_half(ByteView shared) {
  return shared.subspan(32, 32);
}

}  // namespace

std::optional<Bytes> PinProtocol::shared_secret(const Cbor &peer) const {
  const auto z = agree(private_key_, peer);
  if (!z) return std::nullopt;
  if (number_ == 1) return sha256(*z);
  Bytes both = hkdf_sha256(*z, "CTAP2 HMAC key");
  const Bytes aes = hkdf_sha256(*z, "CTAP2 AES key");
  both.insert(both.end(), aes.begin(), aes.end());
  return both;
}

Bytes PinProtocol::encrypt(ByteView shared, ByteView plain) const {
  if (number_ == 1) return aes_cbc_encrypt(shared, kZeroIv, plain);
  Bytes out = random_bytes(kBlock);
  const Bytes cipher = aes_cbc_encrypt(aes_half(shared), out, plain);
  out.insert(out.end(), cipher.begin(), cipher.end());
  return out;
}

std::optional<Bytes> PinProtocol::decrypt(ByteView shared, ByteView cipher) const {
  if (cipher.size() % kBlock != 0) return std::nullopt;
  if (number_ == 1) return aes_cbc_decrypt(shared, kZeroIv, cipher);
  if (cipher.size() < kBlock) return std::nullopt;
  return aes_cbc_decrypt(aes_half(shared), cipher.first(kBlock), cipher.subspan(kBlock));
}

bool PinProtocol::verify(ByteView key, ByteView message, ByteView param) const {
  Bytes expected = hmac_sha256(key.first(32), message);
  if (number_ == 1) expected.resize(16);
  return same(expected, param);
}

void PinToken::issue(int permissions, std::optional<std::string> rp_id, Moment now) {
  revoke();
  permissions_ = permissions;
  rp_id_ = std::move(rp_id);
  issued_ = now;
}

bool PinToken::permits(Permission permission, const std::string &rp_id, Moment now) {
  if ((permissions_ & permission) == 0) return false;
  if (now - issued_ > (used_ ? kLifetime : kFirstUse)) return false;
  if (!rp_id.empty()) {
    if (rp_id_ && *rp_id_ != rp_id) return false;
    rp_id_ = rp_id;
  }
  used_ = true;
  return true;
}

void PinToken::spend() {
  permissions_ = 0;
}

}  // namespace passkeyd::softkey
