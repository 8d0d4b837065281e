/// Idleness: ends the daemon when nobody has wanted anything of it for a while. The bus starts it again with
/// the next call, and in between nothing of it runs that could be attacked.
#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <string>

#include "daemon/bus.h"
#include "daemon/house.h"
#include "daemon/service.h"

namespace passkeyd {

class Idleness {
 public:
  /// What stays in memory alone must be worth nothing by then: see is_idle(). All three outlive this.
  Idleness(House &house, const Service &service, const std::string &config_directory)
      : house_(house), service_(service), config_directory_(config_directory) {}

  /// From now on, `patience` (or up to twice that) without a call ends the loop. Errors: Internal.
  Status end_after(std::chrono::seconds patience);

 private:
  [[nodiscard]] bool is_idle() const;
  /// Why it must stay all the same: the next daemon would not start, or the name would be somebody else's.
  /// Empty if it may go.
  [[nodiscard]] std::string reason_to_stay() const;
  /// Nobody is kept waiting by it: who calls from now on makes the bus start the next daemon, and who has
  /// just called hears that there is none and calls again (client/bus.cpp).
  void leave();
  static int on_time(sd_event_source *source, std::uint64_t, void *self);

  House &house_;
  const Service &service_;
  const std::string &config_directory_;
  std::chrono::microseconds patience_{};
  std::uint64_t calls_seen_ = 0;
  std::string told_;  ///< the last reason to stay, logged once
  EventSource timer_;
};

}  // namespace passkeyd
