/// The key's cryptography, as plain functions over OpenSSL. A failing primitive throws: this is a test
/// instrument, and going on with a half-made signature would only hide it.
#pragma once

#include <optional>

#include "common/bytes.h"
#include "tests/softkey/cbor.h"

namespace passkeyd::softkey {

/// COSE algorithm identifiers the key can make credentials for.
enum class Algorithm : int { Es256 = -7, EdDsa = -8 };

Bytes random_bytes(std::size_t count);
Bytes sha256(ByteView data);
Bytes hmac_sha256(ByteView key, ByteView data);
/// HKDF-SHA-256 to 32 bytes with a salt of 32 zero bytes (CTAP 2.1, section 6.5.7).
Bytes hkdf_sha256(ByteView secret, std::string_view info);
/// AES-256-CBC without padding; `data` is a multiple of 16 bytes, `key` 32, `iv` 16.
Bytes aes_cbc_encrypt(ByteView key, ByteView iv, ByteView data);
Bytes aes_cbc_decrypt(ByteView key, ByteView iv, ByteView data);
/// AES-256-GCM: 12 bytes of nonce, the ciphertext, 16 bytes of tag.
Bytes seal(ByteView key, ByteView plain, ByteView bound_to);
/// The reverse; nullopt if anything was changed or `bound_to` differs.
std::optional<Bytes> unseal(ByteView key, ByteView sealed, ByteView bound_to);
/// Compares in constant time.
bool same(ByteView a, ByteView b);

/// A fresh private key: 32 bytes, a P-256 scalar or an Ed25519 seed.
Bytes new_private_key(Algorithm algorithm);
/// The COSE_Key that belongs to it (RFC 9053).
Cbor public_key(Algorithm algorithm, ByteView private_key);
/// ECDSA with SHA-256 in DER, or Ed25519's 64 bytes.
Bytes sign(Algorithm algorithm, ByteView private_key, ByteView message);

/// The COSE_Key form of a P-256 private key for key agreement (algorithm -25).
Cbor agreement_key(ByteView private_key);
/// The x coordinate of ECDH with `peer`, a COSE_Key; nullopt if that is no point on P-256.
std::optional<Bytes> agree(ByteView private_key, const Cbor &peer);

}  // namespace passkeyd::softkey
