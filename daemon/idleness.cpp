/// Looking now and then whether anything has happened.
#include "daemon/idleness.h"

#include <systemd/sd-daemon.h>

#include "common/log.h"
#include "common/steps.h"

namespace passkeyd {

/// Also not before the hour is over in which refusals are counted: who is refused ten times would have ten
/// more.
bool Idleness::is_idle() const {
  const BootTime now = house_.clock.boot();
  return !service_.is_busy() && house_.ceremonies.count() == 0 && house_.transfers == 0 &&
         house_.refusals.forgotten(now) && house_.refused_answers.forgotten(now);
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
    self.leave();
    return 0;
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
