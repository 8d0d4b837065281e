/// Listening for names that have lost their owner.
#include "daemon/departures.h"

namespace passkeyd {

Departures::Watch::Watch(Departures &all, const std::string &bus_name, std::function<void()> then)
    : all_(all), at_(all.watched_.emplace(bus_name, this)), then_(std::move(then)) {}

Departures::Watch::~Watch() {
  if (at_ != all_.watched_.end()) all_.watched_.erase(at_);
}

Status Departures::listen(sd_bus *bus) {
  sd_bus_slot *slot = nullptr;
  const int failed = sd_bus_add_match(bus, &slot,
                                      "type='signal',sender='org.freedesktop.DBus',"
                                      "path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
                                      "member='NameOwnerChanged',arg2=''",
                                      on_gone, this);
  if (failed < 0) return errno_error("watch who leaves the bus", -failed);
  rule_.reset(slot);
  return Ok{};
}

int Departures::on_gone(sd_bus_message *signal, void *of, sd_bus_error *) {
  auto &self = *static_cast<Departures *>(of);
  const char *name = nullptr;
  const char *before = nullptr;
  const char *after = nullptr;
  if (sd_bus_message_read(signal, "sss", &name, &before, &after) < 0 || *after != '\0') return 0;
  const std::string gone = name;
  // One at a time: what is done about one watch may end others.
  for (auto next = self.watched_.find(gone); next != self.watched_.end(); next = self.watched_.find(gone)) {
    Watch &watch = *next->second;
    self.watched_.erase(next);
    watch.at_ = self.watched_.end();
    const std::function<void()> then = std::move(watch.then_);
    then();
  }
  return 0;
}

}  // namespace passkeyd
