/// Reloading, and telling of it.
#include "daemon/hangup.h"

#include <systemd/sd-daemon.h>

#include <ctime>

#include "common/log.h"
#include "daemon/own_names.h"

namespace passkeyd {

void warn_of_other_rp_id(const Config &config, const RpId &in_force) {
  if (!config.rp_id || *config.rp_id == in_force) return;
  log_line(LogLevel::Warning, "rp_id in passkeyd.conf is " + config.rp_id->str() +
                                  ", but passkeys were enrolled for " + in_force.str() +
                                  ", which stays in force");
}

void say_ready(const House &house) {
  const bool loaded = house.config_state == kConfigLoaded;
  const std::string about = loaded ? "configuration loaded" : "reload refused; the log says why";
  sd_notifyf(0, "READY=1\nSTATUS=relying party ID %s; %s", house.rp_id.str().c_str(), about.c_str());
}

void Hangup::find_names() {
  naming_ = find_own_names(house_);
  naming_.start();
}

int Hangup::on_hangup(sd_event_source *, const signalfd_siginfo *, void *of) {
  auto &self = *static_cast<Hangup *>(of);
  House &house = self.house_;
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  // By the time systemd knows which signal this answers; see RELOADING=1 in sd_notify(3).
  sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
             static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000);
  house.config_state = reload(house.config, self.config_directory_);
  if (house.config_state == kConfigLoaded) {
    warn_of_other_rp_id(house.config, house.rp_id);
    self.find_names();
  }
  say_ready(house);
  return 0;
}

Status Hangup::listen() {
  sd_event_source *source = nullptr;
  const int failed = sd_event_add_signal(house_.loop, &source, SIGHUP, on_hangup, this);
  if (failed < 0) return errno_error("event loop", -failed);
  source_.reset(source);
  return Ok{};
}

}  // namespace passkeyd
