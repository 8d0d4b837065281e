/// VerifyKey: a COSE_Key turned into what libfido2 verifies with. The three algorithms we take, and no other.
#pragma once

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

#include <variant>

#include "common/bytes.h"
#include "common/handle.h"
#include "common/result.h"
#include "webauthn/credential.h"

namespace passkeyd {

inline void free_es256(es256_pk_t *key) {
  es256_pk_free(&key);
}
inline void free_eddsa(eddsa_pk_t *key) {
  eddsa_pk_free(&key);
}
inline void free_rs256(rs256_pk_t *key) {
  rs256_pk_free(&key);
}

using Es256Key = Handle<es256_pk_t, free_es256>;
using EdDsaKey = Handle<eddsa_pk_t, free_eddsa>;
using Rs256Key = Handle<rs256_pk_t, free_rs256>;

class VerifyKey {
 public:
  /// Reads one COSE_Key in CTAP2 canonical form with the members its type requires and no other (WebAuthn
  /// 6.5.1.1): ES256 with EC2 and P-256, the point on the curve; EdDSA with OKP and Ed25519; RS256 with RSA,
  /// 2048 bits, exponent 65537.
  /// Errors: Unsupported: another algorithm, or one that does not go with the key's type, curve or size.
  /// Malformed: no such key at all.
  static Result<VerifyKey> from_cose(ByteView cose);

  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  /// For fido_assert_verify(3): points to es256_pk_t, eddsa_pk_t or rs256_pk_t; owned by this object.
  [[nodiscard]] const void *get() const;

 private:
  using Held = std::variant<Es256Key, EdDsaKey, Rs256Key>;
  VerifyKey(Algorithm algorithm, Held held) : algorithm_(algorithm), held_(std::move(held)) {}

  Algorithm algorithm_;
  Held held_;
};

}  // namespace passkeyd
