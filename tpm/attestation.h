/// Attestation: what a TPM says for a key that was made in it, and the proof that it is the TPM it says it
/// is. Only at enrollment; webauthn/platform_proof.h and webauthn/activation.h are the other side.
#pragma once

#include "tpm/conversation.h"
#include "webauthn/activation.h"
#include "webauthn/platform_proof.h"

namespace passkeyd::tpm {

/// Has the witness certify `key`, whose PIN `session` knows and which ends here; and says by which
/// endorsement key this TPM is known. Never fails: a TPM that cannot do it gives a proof that holds nothing
/// but the reason. Three commands and a flush; for the certificate as read_certificate(), or without one a
/// key and its flush.
PlatformProof introduce(Conversation &tpm, const Transient &key, Transient &session, const TPM2B_PUBLIC &area,
                        const Sha256 &subject);

/// The secret that was wrapped for this TPM and its witness. Errors: as TpmAuthenticator::activate.
Result<Bytes> activate(Conversation &tpm, EndorsementKind kind, const WrappedSecret &wrapped);

}  // namespace passkeyd::tpm
