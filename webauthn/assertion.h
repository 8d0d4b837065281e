/// Assertion and Registration: what authenticators answer. Raw, and believed by nobody until verified.
#pragma once

#include <optional>
#include <string>

#include "common/bytes.h"
#include "webauthn/credential.h"
#include "webauthn/platform_proof.h"

namespace passkeyd {

/// An answer to webauthn.get. Sizes are checked by the verifier, not by who carries it.
struct Assertion {
  Bytes credential_id;
  Bytes authenticator_data;  ///< raw (not CBOR-wrapped), WebAuthn 6.1
  Bytes signature;           ///< ES256: DER; EdDSA: 64 bytes; RS256: PKCS#1 v1.5
  std::string client_data;   ///< the JSON whose hash was signed
  Bytes user_handle;         ///< what the key says of whom it is for; empty: it says nothing
};

/// An answer to webauthn.create.
struct Registration {
  std::string format;        ///< attestation statement format: "packed", "fido-u2f", "none"
  Bytes authenticator_data;  ///< raw, with attested credential data
  Bytes attestation;         ///< attStmt as CBOR
  std::string client_data;
  std::string device;  ///< product string, as the authenticator's USB descriptor or the TPM says
  std::uint32_t max_allow_list = 0;         ///< usb: maxCredentialCountInList; 0: not stated
  Bytes platform;                           ///< tpm: wrapped key and what else is needed to use it
  std::optional<PlatformProof> proof = {};  ///< tpm: what it says for the key
};

}  // namespace passkeyd
