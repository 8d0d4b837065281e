/// What can be the PIN of a security key. Anything else is never sent: some keys charge a try for it.
#pragma once

#include <cstddef>

#include "common/result.h"
#include "common/secret.h"

namespace passkeyd {

inline constexpr std::size_t kMinPinBytes = 4;
inline constexpr std::size_t kMaxPinBytes = 63;

/// Ok for 4 to 63 bytes of UTF-8 without NUL (CTAP 2.1, section 6.5.1). Errors: PinInvalid.
Status check_pin(const Secret &pin);

}  // namespace passkeyd
