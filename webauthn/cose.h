/// COSE: public keys and attestation statements as bytes (RFC 9052 section 7, RFC 9053; WebAuthn 6.5.1.1 and
/// 8.2). Written for tpm/, read for the verifier.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/bytes.h"
#include "webauthn/credential.h"

namespace passkeyd {

/// The canonical COSE_Key of an ES256 public key (EC2, P-256): coordinates big-endian, padded to 32 bytes.
/// Whether they are a point of the curve is not checked here.
Bytes es256_cose(std::span<const std::uint8_t, 32> x, std::span<const std::uint8_t, 32> y);

/// The canonical COSE_Key of an EdDSA public key (OKP, Ed25519).
Bytes ed25519_cose(std::span<const std::uint8_t, 32> x);

/// The reverse of the two: x and y (64 bytes), or x (32 bytes). nullopt for keys of other kinds.
std::optional<Bytes> point_of(const PublicKey &key);

/// The attestation statement of "packed" self attestation: {"alg": algorithm, "sig": signature}. The
/// signature is made with the credential's own key over authenticator data and client data hash, in the
/// encoding of an assertion (ES256: DER).
Bytes packed_self_attestation(Algorithm algorithm, ByteView signature);

}  // namespace passkeyd
