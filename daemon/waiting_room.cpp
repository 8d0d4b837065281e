/// Waiting, entering, and being turned away.
#include "daemon/waiting_room.h"

#include <algorithm>

namespace passkeyd {

struct WaitingRoom::Guest {
  Guest(WaitingRoom &in, sd_bus_message *waits, Share whose)
      : room(in),
        call(keep(waits)),
        share(std::move(whose)),
        gone(in.departures_, sd_bus_message_get_sender(waits), [this] { room.drop(this); }) {}
  WaitingRoom &room;
  BusMessage call;
  Share share;
  EventSource patience;
  Departures::Watch gone;
};

Error too_many() {
  return {ErrorKind::Busy, "Too many sign-ins are under way. Try again in a moment."};
}

WaitingRoom::WaitingRoom(sd_event *loop, Departures &departures, std::function<bool(const Share &)> has_room,
                         std::function<void(sd_bus_message *)> enter)
    : loop_(loop), departures_(departures), has_room_(std::move(has_room)), enter_(std::move(enter)) {
  sd_event_source *source = nullptr;
  if (sd_event_add_defer(loop, &source, on_turn, this) < 0) throw std::bad_alloc();
  turn_.reset(source);
  sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

WaitingRoom::~WaitingRoom() = default;

bool WaitingRoom::has_place_for(const std::string &bus_name, const Share &share) const {
  const auto of_one = std::ranges::count_if(waiting_, [&](const Guest &each) { return each.share == share; });
  return waiting_.size() < kMost && static_cast<std::size_t>(of_one) < kMostOfOne &&
         std::ranges::none_of(waiting_, [&](const Guest &each) {
           return bus_name == sd_bus_message_get_sender(each.call.get());
         });
}

Status WaitingRoom::take(sd_bus_message *call, Share share) {
  if (!has_place_for(sd_bus_message_get_sender(call), share)) return too_many();
  Guest &guest = waiting_.emplace_back(*this, call, std::move(share));
  sd_event_source *source = nullptr;
  const int failed = sd_event_add_time_relative(
      loop_, &source, CLOCK_BOOTTIME,
      static_cast<std::uint64_t>(std::chrono::microseconds(kPatience).count()), 0, on_waited_enough, &guest);
  guest.patience.reset(source);
  if (failed >= 0) return Ok{};
  waiting_.pop_back();
  return errno_error("wait for room", -failed);
}

void WaitingRoom::drop(const Guest *guest) {
  waiting_.remove_if([&](const Guest &each) { return &each == guest; });
}

void WaitingRoom::somebody_left() {
  if (!waiting_.empty()) sd_event_source_set_enabled(turn_.get(), SD_EVENT_ONESHOT);
}

int WaitingRoom::on_turn(sd_event_source *, void *of) {
  auto &self = *static_cast<WaitingRoom *>(of);
  for (;;) {
    const auto next =
        std::ranges::find_if(self.waiting_, [&](const Guest &each) { return self.has_room_(each.share); });
    if (next == self.waiting_.end()) return 0;
    const BusMessage call = std::move(next->call);
    self.waiting_.erase(next);
    self.enter_(call.get());
  }
}

int WaitingRoom::on_waited_enough(sd_event_source *, std::uint64_t, void *of) {
  auto *guest = static_cast<Guest *>(of);
  WaitingRoom &room = guest->room;
  const BusMessage call = std::move(guest->call);
  room.drop(guest);
  reply_error(call.get(), too_many());
  return 0;
}

}  // namespace passkeyd
