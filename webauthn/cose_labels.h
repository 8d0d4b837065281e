/// The few COSE numbers we use: RFC 9052 section 7.1, RFC 9053 section 7.1, RFC 8230 section 4. Internal to
/// webauthn/.
#pragma once

namespace passkeyd::cose {

inline constexpr int kKty = 1, kAlg = 3;
inline constexpr int kKtyOkp = 1, kKtyEc2 = 2, kKtyRsa = 3;
inline constexpr int kCrv = -1, kX = -2, kY = -3;
inline constexpr int kCrvP256 = 1, kCrvEd25519 = 6;
inline constexpr int kRsaN = -1, kRsaE = -2;

}  // namespace passkeyd::cose
