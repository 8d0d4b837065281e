/// Refusing everything, for a short time.
#include "daemon/out_of_order.h"

#include <systemd/sd-daemon.h>

#include <ctime>

#include "common/steps.h"
#include "daemon/bus.h"
#include "daemon/caller.h"
#include "daemon/mailbox.h"

namespace passkeyd {
namespace {

constexpr std::uint64_t kSecond = 1'000'000;
constexpr std::uint64_t kQuiet = 5 * kSecond;
constexpr std::uint64_t kInAll = 15 * kSecond;

/// Some kinds say something of who calls, such as that they may not: that is not so here.
ErrorKind kind_for_callers(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Io:
    case ErrorKind::Corrupt:
    case ErrorKind::NotConfigured:
    case ErrorKind::StorageFull:
      return kind;
    default:
      return ErrorKind::Internal;
  }
}

/// The reason may quote a file of root's that is closed to others.
Error told_to(sd_bus_message *call, const Error &why) {
  const Result<Caller> caller = caller_of(call);
  const bool root = caller && caller->is_root();
  return {kind_for_callers(why.kind),
          root ? why.sentence : "passkeyd is out of order; its log says why, and root is told"};
}

struct Refusing {
  const Error &why;
  EventSource quiet = {};
};

int refuse(sd_bus_message *call, void *of, sd_bus_error *) {
  if (sd_bus_message_is_method_call(call, nullptr, nullptr) <= 0) return 0;
  const auto *refusing = static_cast<const Refusing *>(of);
  sd_event_source_set_time_relative(refusing->quiet.get(), kQuiet);
  reply_error(call, told_to(call, refusing->why));
  return 1;
}

/// What the loop ends with when its time is over. A signal ends it with 0, the loss of the bus with 1.
constexpr int kTimeIsOver = 2;

int end_loop(sd_event_source *timer, std::uint64_t, void *) {
  return sd_event_exit(sd_event_source_get_event(timer), kTimeIsOver);
}

Result<EventSource> end_after(sd_event *loop, std::uint64_t time) {
  sd_event_source *source = nullptr;
  const int failed = sd_event_add_time_relative(loop, &source, CLOCK_MONOTONIC, time, 0, end_loop, nullptr);
  if (failed < 0) return errno_error("timer", -failed);
  return EventSource(source);
}

}  // namespace

Result<Then> say_out_of_order(sd_event *loop, sd_bus *bus, const Error &why) {
  Refusing refusing{why};
  refusing.quiet = TRY(end_after(loop, kQuiet));
  const EventSource in_all = TRY(end_after(loop, kInAll));
  sd_bus_slot *slot = nullptr;
  int failed = sd_bus_add_filter(bus, &slot, refuse, &refusing);
  const BusSlot filter(slot);
  if (failed >= 0) failed = sd_bus_request_name(bus, bus::kService, 0);
  if (failed < 0) return errno_error(std::string("own the bus name ") + bus::kService, -failed);
  sd_notify(0, "STATUS=out of order; the log says why");
  const int ended = sd_event_loop(loop);
  if (ended < 0) return errno_error("event loop", -ended);
  if (ended != 0 && ended != kTimeIsOver) return Error{ErrorKind::Disconnected, "the bus has gone away"};
  return ended == 0 ? Then::End : Then::LookAgain;
}

}  // namespace passkeyd
