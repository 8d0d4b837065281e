/// The one verifier. Every assertion, from whatever authenticator, and every registration passes here and
/// nowhere else. Pure: values in, verdict out; no devices, files or clocks.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/clock.h"
#include "webauthn/assertion.h"
#include "webauthn/challenge.h"
#include "webauthn/credential.h"

namespace passkeyd {

enum class Verdict { Denied, Granted };  // {} is Denied

/// Why an answer was refused. Names are written to the audit: add at will, rename never.
enum class Refusal {
  None,              ///< only beside Granted
  Malformed,         ///< a part does not parse, is too short or too long
  ClientData,        ///< wrong type or ceremony, or cross-origin
  ChallengeWrong,    ///< not this challenge
  ChallengeExpired,  ///< expired, or made later than now
  OriginWrong,
  RpIdWrong,
  UserWrong,        ///< the credential belongs to another account
  CredentialWrong,  ///< the answer names another credential
  CredentialInactive,
  NoUserPresence,
  NoUserVerification,
  ExtensionsWrong,   ///< an extension nobody asked for, or one that was asked for is missing
  BackupFlagsWrong,  ///< BS without BE, or BE differs from what was enrolled (WebAuthn 7.2)
  AlgorithmWrong,
  SignatureWrong,
  CounterWentBack,   ///< possible clone
  AttestationWrong,  ///< registration: a format we do not take, or a statement that breaks its rules
  UserHandleWrong,   ///< the key names another user handle than the credential was made with
  CodeWrong,         ///< no unspent backup code of the account
  AccountLocked,     ///< an administrator locked the account while the answer was under way, or before
};

/// "none", "malformed", "client-data", "challenge-wrong", ...
std::string_view name_of(Refusal refusal);

struct Verification {
  Verdict verdict = Verdict::Denied;
  Refusal refusal = Refusal::Malformed;
  std::uint32_t counter = 0;  ///< valid when granted, and beside CounterWentBack
  bool user_verified = false;
  bool backed_up = false;
};

/// Checks an answer to a webauthn.get challenge (WebAuthn Level 3, section 7.2). Takes the challenge away:
/// one challenge, one verification, whatever comes of it.
Verification verify(const Credential &credential, Challenge challenge, const Assertion &assertion,
                    BootTime now);

/// Checks an answer to a webauthn.create challenge (section 7.1): client data, RP ID, flags, algorithm, and
/// that the attestation statement (packed, fido-u2f) is signed by the new key or by the certificate in it;
/// "none" proves nothing and is accepted. Whom to believe is not asked here: judge_attestation() in
/// webauthn/chain.h does. Returns the credential: id, key, rp_id, owner, aaguid, flags, counter, device,
/// attestation (None, Self or Untrusted) and its certificates, platform filled in; row, name, way, state,
/// times left to the caller. Error: InvalidInput with the refusal's name in the sentence.
Result<Credential> verify_registration(Challenge challenge, const Registration &registration, BootTime now);

}  // namespace passkeyd
