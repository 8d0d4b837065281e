/// Out of order: what the daemon does while it cannot serve at all (its configuration is wrong, the ledger is
/// damaged): it says so to whoever calls. Nobody waits for a service that never comes; nothing is granted,
/// and nothing is read or written.
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "common/result.h"

namespace passkeyd {

enum class Then {
  End,        ///< somebody has stopped it
  LookAgain,  ///< its time is over: whoever has mended it meanwhile waits for this very start
};

/// Takes the daemon's name on the bus and refuses every call with `why`, until nobody has called for five
/// seconds, or for fifteen in all. The name stays taken: whoever calls before `bus` is closed and the process
/// has ended or gone on would wait for a start that is under way and fails. `bus` is attached to `loop`.
/// Errors: Io, Disconnected, if not even that can be done.
Result<Then> say_out_of_order(sd_event *loop, sd_bus *bus, const Error &why);

}  // namespace passkeyd
