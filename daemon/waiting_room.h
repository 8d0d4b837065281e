/// WaitingRoom: calls that found no room and wait for it, first come, first served; bounded in number and
/// time. A call waits as it came and is read anew at its turn, so that nothing but the message is kept of
/// it; whoever lets it wait has read it once, and knows that it is small.
#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <functional>
#include <list>
#include <string>

#include "daemon/bus.h"
#include "daemon/departures.h"
#include "daemon/mailbox.h"
#include "daemon/shares.h"

namespace passkeyd {

class WaitingRoom {
 public:
  /// Below the 25 seconds that a face waits for a Begin (client/bus.h), so that it hears why.
  static constexpr std::chrono::seconds kPatience{20};
  static constexpr std::size_t kMost = 1024;
  static constexpr std::size_t kMostOfOne =
      128;  ///< beyond what sshd's MaxStartups lets ask for keys at once

  /// `has_room`: is there room for one more of this share? `enter`: lets a call in that has waited.
  WaitingRoom(sd_event *loop, Departures &departures, std::function<bool(const Share &)> has_room,
              std::function<void(sd_bus_message *)> enter);
  ~WaitingRoom();
  WaitingRoom(const WaitingRoom &) = delete;
  WaitingRoom &operator=(const WaitingRoom &) = delete;

  /// Lets the call wait. A connection waits once: for what it holds itself it would wait in vain. Errors:
  /// Busy.
  Status take(sd_bus_message *call, Share share);

  /// Something ended: soon, from the loop, those enter for whom there is room, in the order they came. Who
  /// has room does not wait for others who have none.
  void somebody_left();

  [[nodiscard]] std::size_t count() const { return waiting_.size(); }

 private:
  struct Guest;
  static int on_turn(sd_event_source *source, void *self);
  static int on_waited_enough(sd_event_source *source, std::uint64_t now, void *guest);
  [[nodiscard]] bool has_place_for(const std::string &bus_name, const Share &share) const;
  void drop(const Guest *guest);

  sd_event *loop_;
  Departures &departures_;
  std::function<bool(const Share &)> has_room_;
  std::function<void(sd_bus_message *)> enter_;
  std::list<Guest> waiting_;
  EventSource turn_;
};

/// What is said where there is no room.
Error too_many();

}  // namespace passkeyd
