/// Retention: how long the audit keeps what it has.
#pragma once

#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// Before which time records may go: whole days, so that there is at most one such moment a day. No later
/// than what the newest record leaves, so that a clock which is far ahead until it is set takes nothing away.
/// nullopt: nothing may.
std::optional<WallTime> kept_since(std::chrono::days retention, WallTime now, std::optional<WallTime> newest);

/// Lets go of what is older than the configuration wants to keep, in small steps.
Task<void> prune_by_age(House &house);

}  // namespace passkeyd
