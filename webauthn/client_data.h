/// Client data: the JSON that ties an answer to one ceremony, one challenge and one origin. Internal to
/// webauthn/.
#pragma once

#include <string_view>

#include "common/clock.h"
#include "webauthn/challenge.h"
#include "webauthn/verify.h"

namespace passkeyd {

inline constexpr std::size_t kMaxClientData = 8192;  ///< bytes

/// Checks that `client_data` answers `challenge`, that `challenge` was made for `ceremony`, and that it is
/// neither stale nor from the future at `now` (WebAuthn Level 3, sections 7.1 and 7.2: type, challenge,
/// origin, crossOrigin, topOrigin). Members that nobody here knows are ignored, as section 5.8.1 asks.
/// Returns Refusal::None if all is well; otherwise Malformed, ClientData, ChallengeWrong, ChallengeExpired
/// or OriginWrong.
Refusal check_client_data(std::string_view client_data, const Challenge &challenge, Ceremony ceremony,
                          BootTime now);

}  // namespace passkeyd
