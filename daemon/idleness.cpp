/// Looking now and then whether anything has happened.
#include "daemon/idleness.h"

#include <systemd/sd-daemon.h>

#include "common/log.h"
#include "common/steps.h"
#include "daemon/config.h"

namespace passkeyd {
namespace {

/// Whether nobody is queued for our name on the bus. A process that looks up accounts could do that, as the
/// same user, if it were taken over: the name would be its own once we let go of it. The bus itself answers
/// at once.
bool name_is_nobody_elses(sd_bus *connection) {
  sd_bus_message *answer = nullptr;
  const int failed =
      sd_bus_call_method(connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                         "ListQueuedOwners", nullptr, &answer, "s", bus::kService);
  const BusMessage reply(answer);
  if (failed < 0 || sd_bus_message_enter_container(reply.get(), 'a', "s") <= 0) return false;
  const char *owner = nullptr;
  int owners = 0;
  int more = 0;
  while ((more = sd_bus_message_read(reply.get(), "s", &owner)) > 0) ++owners;
  return more == 0 && owners <= 1;
}

}  // namespace

/// Also not before the hour is over in which refusals are counted: who is refused ten times would have ten
/// more.
bool Idleness::is_idle() const {
  const BootTime now = house_.clock.boot();
  return !service_.is_busy() && house_.ceremonies.count() == 0 && house_.transfers == 0 &&
         house_.refusals.forgotten(now) && house_.refused_answers.forgotten(now);
}

std::string Idleness::reason_to_stay() const {
  const Result<Config> next = load_config(config_directory_);
  if (!next) return "the next start would refuse the configuration: " + next.error().sentence;
  if (!name_is_nobody_elses(house_.bus)) return "another process waits for the name on the bus";
  if (!house_.ledger.has_room()) return "the disk is full, and the next start would need some of it";
  return {};
}

void Idleness::leave() {
  log_line(LogLevel::Info, "nobody wants anything: ends until the next call");
  // systemd hears it first: a call that comes in between then starts the next one after this one has ended.
  sd_notify(0, "STOPPING=1");
  sd_bus_release_name(house_.bus, bus::kService);
  sd_event_exit(house_.loop, 0);
}

int Idleness::on_time(sd_event_source *source, std::uint64_t, void *self_) {
  auto &self = *static_cast<Idleness *>(self_);
  const std::uint64_t calls = self.service_.calls();
  const bool quiet = calls == self.calls_seen_ && self.is_idle();
  self.calls_seen_ = calls;
  if (quiet) {
    const std::string reason = self.reason_to_stay();
    if (reason.empty()) {
      self.leave();
      return 0;
    }
    if (reason != self.told_) log_line(LogLevel::Warning, "stays though nobody wants anything: " + reason);
    self.told_ = reason;
  }
  sd_event_source_set_time_relative(source, static_cast<std::uint64_t>(self.patience_.count()));
  return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

Status Idleness::end_after(std::chrono::seconds patience) {
  patience_ = patience;
  sd_event_source *source = nullptr;
  const int failed = sd_event_add_time_relative(
      house_.loop, &source, CLOCK_MONOTONIC, static_cast<std::uint64_t>(patience_.count()), 0, on_time, this);
  if (failed < 0) return errno_error("timer", -failed);
  timer_.reset(source);
  return Ok{};
}

}  // namespace passkeyd
