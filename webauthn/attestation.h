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

/// What stands behind a registration, before anybody was asked whom to believe (webauthn/chain.h).
struct Attested {
  Attestation attestation = Attestation::Unknown;  ///< None, Self or Untrusted
  std::string attested_by;                         ///< issuer of the first certificate; printable
  Bytes certificates;  ///< DER, one after the other, leaf first; empty if they could never be believed
};

/// Why a registration is refused, as an error that verify_registration may return.
Error refused(Refusal refusal);

/// Checks the attestation statement (WebAuthn sections 8.2, 8.6, 8.7): "packed" signed by the first
/// certificate in it or by the new key itself, "fido-u2f" signed by a certificate with a P-256 key, or an
/// empty "none". A packed certificate that names an AAGUID must name the one in the data. Whether to believe
/// the certificate is not asked. Certificates that break other rules of section 8.2.1, and those beside an
/// AAGUID that a fido-u2f statement does not cover, attest nothing, and are not kept. The extensions in the
/// data must be none, or credProtect. Errors: refused() with Malformed, ExtensionsWrong, AttestationWrong (a
/// format that is not known here, or a statement that breaks its format's rules) or SignatureWrong.
Result<Attested> check_attestation(const Registration &registration, const AttestedTo &to);

}  // namespace passkeyd
