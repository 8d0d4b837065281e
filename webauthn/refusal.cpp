/// The names of refusals, once. No default: a value without a name does not compile.
#include "webauthn/verify.h"

namespace passkeyd {

std::string_view name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::None:
      return "none";
    case Refusal::Malformed:
      return "malformed";
    case Refusal::ClientData:
      return "client-data";
    case Refusal::ChallengeWrong:
      return "challenge-wrong";
    case Refusal::ChallengeExpired:
      return "challenge-expired";
    case Refusal::OriginWrong:
      return "origin-wrong";
    case Refusal::RpIdWrong:
      return "rp-id-wrong";
    case Refusal::UserWrong:
      return "user-wrong";
    case Refusal::CredentialWrong:
      return "credential-wrong";
    case Refusal::CredentialInactive:
      return "credential-inactive";
    case Refusal::NoUserPresence:
      return "no-user-presence";
    case Refusal::NoUserVerification:
      return "no-user-verification";
    case Refusal::ExtensionsWrong:
      return "extensions-wrong";
    case Refusal::BackupFlagsWrong:
      return "backup-flags-wrong";
    case Refusal::AlgorithmWrong:
      return "algorithm-wrong";
    case Refusal::SignatureWrong:
      return "signature-wrong";
    case Refusal::CounterWentBack:
      return "counter-went-back";
    case Refusal::AttestationWrong:
      return "attestation-wrong";
    case Refusal::UserHandleWrong:
      return "user-handle-wrong";
    case Refusal::CodeWrong:
      return "code-wrong";
    case Refusal::AccountLocked:
      return "account-locked";
  }
  return "malformed";
}

}  // namespace passkeyd
