/// Answers: what the scripted logind replies to a call, by its table.
#pragma once

#include <systemd/sd-bus.h>

#include <memory>
#include <string>

#include "tests/logind/table.h"

namespace passkeyd::test::logind {

struct DropMessage {
  void operator()(sd_bus_message *message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, DropMessage>;

/// The reply to a method call, in whatever manner the table has for it; never null. Throws std::runtime_error
/// when sd-bus fails. `turned`: whether every Remote is the other way round just now.
Message answer(sd_bus_message *call, const Table &table, bool turned);

}  // namespace passkeyd::test::logind
