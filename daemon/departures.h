/// Departures: who has gone from the bus. One rule at the bus daemon for all who are watched, since it grants
/// a connection only 512, and sign-ins are more than that at times.
#pragma once

#include <systemd/sd-bus.h>

#include <functional>
#include <map>
#include <string>

#include "common/result.h"
#include "daemon/bus.h"

namespace passkeyd {

class Departures {
 public:
  /// Calls `then` once, from the loop, when the bus name has gone; unless the watch has ended before.
  class Watch {
   public:
    Watch(Departures &all, const std::string &bus_name, std::function<void()> then);
    ~Watch();
    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;

   private:
    friend class Departures;
    Departures &all_;
    std::multimap<std::string, Watch *>::iterator at_;
    std::function<void()> then_;
  };

  /// Begins to listen. What the bus has delivered of somebody comes before the news of their departure, so
  /// whose message is being handled can be watched from then on. Errors: Internal.
  Status listen(sd_bus *bus);

 private:
  static int on_gone(sd_bus_message *signal, void *self, sd_bus_error *error);

  std::multimap<std::string, Watch *> watched_;
  BusSlot rule_;
};

}  // namespace passkeyd
