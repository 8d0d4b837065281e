/// What assertions and registrations are checked for alike.
#include "webauthn/checks.h"

namespace passkeyd {

Refusal refusal_of(const Error &error) {
  return error.kind == ErrorKind::Unsupported ? Refusal::AlgorithmWrong : Refusal::Malformed;
}

Refusal check_flags(const AuthenticatorData &data, const RpId &rp_id, bool uv_required) {
  if (data.rp_id_hash != sha256(bytes_of(rp_id.str()))) return Refusal::RpIdWrong;
  if (!data.has(flag::kUserPresent)) return Refusal::NoUserPresence;
  if (uv_required && !data.has(flag::kUserVerified)) return Refusal::NoUserVerification;
  if (data.has(flag::kBackedUp) && !data.has(flag::kBackupEligible)) return Refusal::BackupFlagsWrong;
  return Refusal::None;
}

}  // namespace passkeyd
