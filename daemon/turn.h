/// Turn: what takes long is told in pieces, and the loop's other stories have their turn in between.
#pragma once

#include <systemd/sd-event.h>

#include <coroutine>
#include <new>

#include "daemon/mailbox.h"

namespace passkeyd {

/// Awaitable, as often as one likes: goes on from the event loop, after what is waiting there now.
class Turn {
 public:
  explicit Turn(sd_event *loop) {
    sd_event_source *source = nullptr;
    if (sd_event_add_defer(loop, &source, resume, this) < 0) throw std::bad_alloc();
    wake_.reset(source);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
  }
  Turn(const Turn &) = delete;  // the loop knows its address
  Turn &operator=(const Turn &) = delete;

  auto next() {
    struct Waiter {
      Turn *turn;
      [[nodiscard]] bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> story) const {
        turn->waiting_ = story;
        sd_event_source_set_enabled(turn->wake_.get(), SD_EVENT_ONESHOT);
      }
      void await_resume() const {}
    };
    return Waiter{this};
  }

 private:
  static int resume(sd_event_source *, void *self) {
    auto &turn = *static_cast<Turn *>(self);
    const OnBehalf whose(turn.whose_);
    std::exchange(turn.waiting_, nullptr).resume();  // the turn may be gone after this
    return 0;
  }
  Share whose_ = OnBehalf::now();
  EventSource wake_;
  std::coroutine_handle<> waiting_;
};

}  // namespace passkeyd
