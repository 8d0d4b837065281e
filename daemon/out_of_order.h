/// Out of order: what the daemon does when it cannot serve at all (its configuration is wrong, the ledger is
/// damaged): it says so to whoever calls, and ends. Nobody waits for a service that never comes; nothing is
/// granted, and nothing is read or written.
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "common/result.h"

namespace passkeyd {

/// Takes the daemon's name on the bus and refuses every call with `why`, until nobody has called for five
/// seconds, or for fifteen in all. `bus` is attached to `loop`. Errors: Io, if not even that can be
/// done.
Status say_out_of_order(sd_event *loop, sd_bus *bus, const Error &why);

}  // namespace passkeyd
