/// What assertions and registrations are checked for alike. Internal to webauthn/.
#pragma once

#include "webauthn/authenticator_data.h"
#include "webauthn/verify.h"

namespace passkeyd {

inline constexpr std::size_t kMaxSignature = 1024;  ///< bytes

/// The refusal that an error of the parsers stands for: Unsupported is AlgorithmWrong, all else Malformed.
Refusal refusal_of(const Error &error);

/// RP ID hash, user presence, user verification if `uv_required`, and that BS comes only with BE.
/// The bits that WebAuthn reserves are ignored: BE and BS were such bits once.
Refusal check_flags(const AuthenticatorData &data, const RpId &rp_id, bool uv_required);

}  // namespace passkeyd
