/// Attestation: what a new key's authenticator says for it. Internal to webauthn/.
#pragma once

#include "webauthn/authenticator_data.h"
#include "webauthn/public_key.h"
#include "webauthn/verify.h"

namespace passkeyd {

inline constexpr std::size_t kMaxAttestation = 8192;  ///< bytes of attStmt; more than a CTAP2 message holds

/// What a registration is attested over, besides what it carries itself.
struct AttestedTo {
  const AuthenticatorData &data;
  const VerifyKey &key;
  const RpId &rp_id;
  bool uv_required;
};

/// Checks the attestation statement (WebAuthn sections 8.2, 8.6, 8.7): "packed" signed by the first
/// certificate in it or by the new key itself, "fido-u2f", or an empty "none". A packed certificate that
/// names an AAGUID must name the one in the data. Whether to believe the certificate is not asked.
/// The extensions in the data must be none, or credProtect.
/// Returns None, Malformed, ExtensionsWrong, AttestationWrong (a format that is not known here, or a
/// statement that breaks its format's rules) or SignatureWrong.
Refusal check_attestation(const Registration &registration, const AttestedTo &to);

}  // namespace passkeyd
