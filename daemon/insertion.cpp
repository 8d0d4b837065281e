/// Waiting for udev's word that a key has come.
#include "daemon/insertion.h"

#include "common/log.h"
#include "usb/keys.h"

namespace passkeyd {
namespace {

enum class Happened { TimeIsUp, Plugged };

int on_time(sd_event_source *, std::uint64_t, void *into) {
  static_cast<Mailbox<Happened> *>(into)->post(Happened::TimeIsUp);
  return 0;
}

int on_plug(sd_event_source *, int, std::uint32_t, void *into) {
  static_cast<Mailbox<Happened> *>(into)->post(Happened::Plugged);
  return 0;
}

bool is_plugged() {
  const Result<std::vector<KeyInfo>> keys = plugged_keys();
  return keys && !keys->empty();
}

}  // namespace

Task<void> wait_for_insertion(House &house, Face &face, std::chrono::seconds most) {
  if (most <= std::chrono::seconds::zero()) co_return;
  Result<KeyWatch> watch = KeyWatch::start();
  if (!watch) {
    log_line(LogLevel::Warning, "keys: " + watch.error().sentence);
    co_return;
  }
  Mailbox<Happened> news(house.loop);
  sd_event_source *held = nullptr;
  if (sd_event_add_io(house.loop, &held, watch->fd(), EPOLLIN, on_plug, &news) < 0) co_return;
  const EventSource plugs(held);
  const auto time = static_cast<std::uint64_t>(std::chrono::microseconds(most).count());
  if (sd_event_add_time_relative(house.loop, &held, CLOCK_BOOTTIME, time, 0, on_time, &news) < 0) co_return;
  const EventSource limit(held);

  face.tell(Say(Step::Tell, message::kInsertKey));
  // Looked at once before waiting: it may have come after the plan was made and before we listened.
  while (!is_plugged()) {
    const Happened happened = co_await news.next();
    if (happened == Happened::TimeIsUp) co_return;
    watch->drain();
  }
}

}  // namespace passkeyd
