/// Bus handles as values, and the mapping from error kinds to bus error names.
#pragma once

#include <systemd/sd-bus.h>

#include <string>

#include "common/handle.h"
#include "common/result.h"

namespace passkeyd {

inline void drop_bus(sd_bus *bus) {
  sd_bus_flush_close_unref(bus);
}
inline void drop_message(sd_bus_message *message) {
  sd_bus_message_unref(message);
}
inline void drop_slot(sd_bus_slot *slot) {
  sd_bus_slot_unref(slot);
}

using Bus = Handle<sd_bus, drop_bus>;
using BusMessage = Handle<sd_bus_message, drop_message>;
using BusSlot = Handle<sd_bus_slot, drop_slot>;

/// A further reference to a message, to be answered later.
inline BusMessage keep(sd_bus_message *message) {
  return BusMessage(sd_bus_message_ref(message));
}

/// Sends the error as the reply to `call`.
int reply_error(sd_bus_message *call, const Error &error);

}  // namespace passkeyd
