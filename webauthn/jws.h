/// JWS: a text that somebody signed, in the compact form (RFC 7515 section 7.1), with the certificates of its
/// signer in the header (x5c). Internal to webauthn/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/result.h"

namespace passkeyd {

/// Whose word counts.
struct Signer {
  std::string host;                 ///< the name that the first certificate must be for
  const std::vector<Bytes> &roots;  ///< DER; its certificates must lead to one of them
};

/// The payload, after everything about its signature was found to be right. Algorithms: RS256 (2048 bits or
/// more), ES256. Errors: Malformed; Unsupported (another algorithm, or "crit"); Untrusted (chain, name or
/// signature).
Result<std::string> signed_payload(std::string_view jws, const Signer &signer, WallTime now);

}  // namespace passkeyd
