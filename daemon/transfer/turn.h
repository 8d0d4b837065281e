/// Turn: where a story that has much to do lets everybody else do theirs. Awaiting over() resumes it from the
/// event loop, once nothing else is waiting there.
#pragma once

#include <coroutine>
#include <new>
#include <utility>

#include "daemon/mailbox.h"

namespace passkeyd::transfer {

class Turn {
 public:
  explicit Turn(sd_event *loop) {
    sd_event_source *source = nullptr;
    if (sd_event_add_defer(loop, &source, resume, this) < 0) throw std::bad_alloc();
    source_.reset(source);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IDLE);
  }
  Turn(const Turn &) = delete;  // the loop knows its address
  Turn &operator=(const Turn &) = delete;

  auto over() {
    struct Waiter {
      Turn *turn;
      [[nodiscard]] bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> story) const {
        turn->waiting_ = story;
        sd_event_source_set_enabled(turn->source_.get(), SD_EVENT_ONESHOT);
      }
      void await_resume() const {}
    };
    return Waiter{this};
  }

 private:
  static int resume(sd_event_source *, void *self) {
    std::exchange(static_cast<Turn *>(self)->waiting_, nullptr).resume();  // *self may be gone after this
    return 0;
  }

  EventSource source_;
  std::coroutine_handle<> waiting_;
};

}  // namespace passkeyd::transfer
