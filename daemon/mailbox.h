/// Mailbox<T>: where a story waits for what happens. Anyone posts; the story awaits next(). Posting never
/// runs the story: it resumes from the event loop, so that whoever posts may be destroyed by what the story
/// does next.
#pragma once

#include <systemd/sd-event.h>

#include <coroutine>
#include <deque>
#include <utility>

#include "common/handle.h"
#include "daemon/on_behalf.h"

namespace passkeyd {

inline void drop_source(sd_event_source *source) {
  sd_event_source_disable_unref(source);
}
/// A registration with the event loop; ends with this object.
using EventSource = Handle<sd_event_source, drop_source>;

template <class T>
class Mailbox {
 public:
  explicit Mailbox(sd_event *loop) {
    sd_event_source *source = nullptr;
    if (sd_event_add_defer(loop, &source, wake, this) < 0) throw std::bad_alloc();
    wake_.reset(source);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
  }
  Mailbox(const Mailbox &) = delete;  // the loop knows its address
  Mailbox &operator=(const Mailbox &) = delete;

  void post(T letter) {
    letters_.push_back(std::move(letter));
    if (waiting_) sd_event_source_set_enabled(wake_.get(), SD_EVENT_ONESHOT);
  }

  /// Awaitable: the oldest letter, at once or when one comes. One waiter at a time.
  auto next() {
    struct Waiter {
      Mailbox *box;
      [[nodiscard]] bool await_ready() const { return !box->letters_.empty(); }
      void await_suspend(std::coroutine_handle<> story) const { box->waiting_ = story; }
      T await_resume() const {
        T letter = std::move(box->letters_.front());
        box->letters_.pop_front();
        return letter;
      }
    };
    return Waiter{this};
  }

 private:
  static int wake(sd_event_source *, void *self) {
    auto &box = *static_cast<Mailbox *>(self);
    const OnBehalf whose(box.whose_);
    std::exchange(box.waiting_, nullptr).resume();  // the box may be gone after this
    return 0;
  }

  Share whose_ = OnBehalf::now();
  EventSource wake_;
  std::deque<T> letters_;
  std::coroutine_handle<> waiting_;
};

}  // namespace passkeyd
