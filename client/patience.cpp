/// The clock behind patience.
#include "client/patience.h"

#include <algorithm>

namespace passkeyd {

Patience::Time Patience::at_most(Time most) const {
  return std::clamp(left_, Time::zero(), most);
}

/// CLOCK_MONOTONIC, as sd-bus itself uses for its timeouts: a machine that slept has not been kept waiting.
Patience::Time Patience::now() {
  return std::chrono::duration_cast<Time>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace passkeyd
