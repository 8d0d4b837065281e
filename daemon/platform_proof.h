/// Asking a TPM to prove where a new platform credential lives, and what to believe of it. The statement is
/// checked first; then the TPM must give back a secret that only it can unwrap; then its certificate is
/// judged.
#pragma once

#include <string>

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/task.h"
#include "webauthn/assertion.h"
#include "webauthn/credential.h"

namespace passkeyd {

/// What the administrator makes of a TPM without a trusted proof.
enum class ProofIs { Required, Wanted };

/// What stands behind a new platform credential.
struct Provenance {
  Attestation attestation = Attestation::Self;
  std::string attested_by;  ///< Credential::attested_by
  Bytes certificate;        ///< Credential::certificates
  std::string device;  ///< maker and model as the trusted certificate says; empty: as the TPM itself says

  void put_into(Credential &credential) const;
};

/// One more ceremony, while the person is told to wait. Trusted: the proof is good, and the TPM's certificate
/// leads to one of the administrator's roots. Untrusted: the proof is good, but it does not. Self: this TPM
/// cannot prove anything, or did not now. Errors: TpmBroken for a proof that is wrong, whatever is insisted
/// on; NotAttested where it is required and the outcome is not Trusted.
Task<Result<Provenance>> prove_platform(House &house, Face &face, Registration made, ProofIs proof_is);

}  // namespace passkeyd
