/// Reload: the configuration read again while the daemon runs. Taken whole or not at all; attempts under way
/// keep the policy they began with, because they hold a copy.
#pragma once

#include <string>

#include "daemon/config.h"

namespace passkeyd {

/// What reload() gives, and the status says, when nothing was refused.
inline constexpr const char *kConfigLoaded = "loaded";

/// Puts what the files say now in the place of `in_force`, or leaves that as it is if anything is refused.
/// Gives kConfigLoaded or the reason, with file and line.
std::string reload(Config &in_force, const std::string &directory,
                   const std::string &vendor = kVendorDirectory);

}  // namespace passkeyd
