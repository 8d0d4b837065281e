/// Presence: is the person who wants in at this machine, or elsewhere? Asked of logind, over the bus; what
/// cannot be told is elsewhere.
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include <optional>

#include "daemon/policy.h"
#include "daemon/task.h"

namespace passkeyd {

/// True if it comes from the network by what the host says alone: nobody has to be asked (daemon/place.h).
bool comes_over_the_network(const LoginRequest &request);

/// `target`: whom the login is for, as the system knows them; nullopt where the host named nobody.
/// `request.place` is not read. Takes 2 seconds at most once it is its turn, in a crowd 12; dropping the task
/// in between forgets what was asked.
Task<Place> find_place(sd_event *loop, sd_bus *bus, const LoginRequest &request, std::optional<uid_t> target);

}  // namespace passkeyd
