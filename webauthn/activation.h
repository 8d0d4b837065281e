/// Activation: a secret wrapped so that only the TPM with one endorsement key gives it back, and only while
/// it holds the key of one Name: TPM2_MakeCredential in software (TPM 2.0 Part 1, "Credential Protection").
/// Pure.
#pragma once

#include <openssl/evp.h>

#include "common/bytes.h"
#include "common/result.h"
#include "webauthn/endorsement.h"

namespace passkeyd {

struct WrappedSecret {
  Bytes blob;  ///< contents of the TPM2B_ID_OBJECT
  Bytes seed;  ///< contents of the TPM2B_ENCRYPTED_SECRET
};

/// `name`: of the key that must be there. `secret`: at most 32 bytes. Errors: InvalidInput for a longer
/// secret, Unsupported if `endorsement` is not a key of that kind, Internal if OpenSSL fails.
Result<WrappedSecret> wrap_for(EndorsementKind kind, EVP_PKEY *endorsement, ByteView name, ByteView secret);

}  // namespace passkeyd
