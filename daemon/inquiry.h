/// Inquiry: asking another service of the system over the bus: finding it, knowing whose it is, and getting
/// its answer and nobody else's. Bounded in time; what comes back is still to be parsed as from a stranger.
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include <chrono>
#include <optional>
#include <string>

#include "common/result.h"
#include "daemon/bus.h"
#include "daemon/task.h"

namespace passkeyd {

/// A row of questions that belong together.
struct Inquiry {
  sd_event *loop;
  sd_bus *bus;
  std::uint64_t deadline;  ///< for all of them; monotonic, microseconds
  const char *whom;        ///< for the log: "logind"

  static Inquiry within(std::chrono::microseconds time, sd_event *loop, sd_bus *bus, const char *whom);
};

struct BusMethod {
  const char *destination;
  const char *path;
  const char *interface;
  const char *name;
};

/// A call with its arguments; nullptr if it cannot be made, which ask() reports.
template <class... Values>
BusMessage compose(const Inquiry &inquiry, const BusMethod &method, const char *types, Values... values) {
  sd_bus_message *held = nullptr;
  int failed = sd_bus_message_new_method_call(inquiry.bus, &held, method.destination, method.path,
                                              method.interface, method.name);
  BusMessage message(held);
  if (failed >= 0) failed = sd_bus_message_append(held, types, values...);
  return failed < 0 ? nullptr : std::move(message);
}

/// True for an error reply of that name; of any, for nullptr.
bool is_error(sd_bus_message *reply, const char *name);

/// What went wrong, for the log. The name of an error is short and printable by the bus's own rules.
Error failure(const Inquiry &inquiry, sd_bus_message *reply);

/// The reply, which may be an error of whom was asked. Dropping this task forgets the call. Errors: Timeout,
/// Io (the bus, or an answer of somebody else's), Internal.
Task<Result<BusMessage>> ask(const Inquiry &inquiry, BusMessage question);

/// The same for a question that has no answer but a good one. Errors: also Io for an error reply.
Task<Result<BusMessage>> ask_plainly(const Inquiry &inquiry, BusMessage question);

/// Who stands behind a name of the bus. Asking goes to the unique name, since the other may change hands.
struct NameOwner {
  std::string unique_name;
  uid_t uid;
};

/// Who owns `name`; the bus starts them if need be. nullopt: nobody does, and nobody can be started.
Task<Result<std::optional<NameOwner>>> find_owner(const Inquiry &inquiry, const char *name);

}  // namespace passkeyd
