/// Presence: is the person who wants in at this machine, or elsewhere? Asked of logind, over the bus; what cannot be
/// told is elsewhere.
#pragma once

#include "daemon/house.h"
#include "daemon/policy.h"
#include "daemon/task.h"

namespace passkeyd {

/// `target`: whom the login is for, as the system knows them; nullopt where the host named nobody.
Task<Place> find_place(House &house, const LoginRequest &request, std::optional<uid_t> target);

}  // namespace passkeyd
