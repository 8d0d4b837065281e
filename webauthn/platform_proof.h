/// PlatformProof: what a TPM says for a platform credential, and the check of it. The TPM certifies the new
/// key with a key of its own, the witness, which signs only what the TPM itself says (restricted); that the
/// witness lives in the TPM that an endorsement key stands for is shown by webauthn/activation. Pure.
#pragma once

#include <string>

#include "common/bytes.h"
#include "common/result.h"
#include "webauthn/endorsement.h"
#include "webauthn/hash.h"

namespace passkeyd {

struct PlatformProof {
  Bytes key;        ///< TPMT_PUBLIC of the new key
  Bytes witness;    ///< TPMT_PUBLIC of the witness
  Bytes statement;  ///< TPMS_ATTEST: the witness certifies the key
  Bytes signature;  ///< the witness' over the statement; ECDSA in DER
  EndorsementKind endorsement = EndorsementKind::EccP256;
  Bytes certificate;    ///< of the endorsement key, DER; empty: this TPM has none
  Bytes point;          ///< without a certificate: the endorsement key itself (X9.62, uncompressed)
  std::string problem;  ///< why this TPM cannot give a proof; then there is nothing else
};

/// What a statement is about: the registration that it was made for (as WebAuthn 8.3, attToBeSigned).
Sha256 subject_of(ByteView authenticator_data, std::string_view client_data);

/// Checks that `proof` is about the key `cose` (as the registration has it) and was made for `subject`: the
/// key is of the one kind that tpm/ makes (it cannot leave its TPM, was made inside, guesses at its PIN are
/// counted), the witness is restricted to statements of its TPM, the statement is a certification of exactly
/// this key over this subject, and the witness has signed it. Returns the witness' Name.
/// Errors: Malformed for what does not parse, Untrusted for what parses and proves something else.
Result<Bytes> check_statement(const PlatformProof &proof, ByteView cose, const Sha256 &subject);

}  // namespace passkeyd
