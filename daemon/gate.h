/// Gate: so many stories at once where more would be too many for whom they ask; the others wait before it,
/// first come, first served.
#pragma once

#include <deque>
#include <utility>

#include "daemon/mailbox.h"
#include "daemon/task.h"

namespace passkeyd {

class Gate {
 public:
  explicit Gate(std::size_t most) : free_(most) {}
  Gate(const Gate &) = delete;
  Gate &operator=(const Gate &) = delete;

  /// Whoever has it is inside.
  class Pass {
   public:
    explicit Pass(Gate &gate) : gate_(&gate) {}
    Pass(Pass &&other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass &operator=(Pass &&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    Gate *gate_;
  };

  /// Others wait before it now.
  [[nodiscard]] bool is_crowded() const { return !waiting_.empty(); }

  /// Dropping the task in between gives the place up.
  Task<Pass> enter(sd_event *loop) {
    if (free_ > 0) {
      --free_;
      co_return Pass(*this);
    }
    Waiter here(*this, loop);
    co_await here.turn.next();
    here.has_turn = false;  // the pass has it from now on
    co_return Pass(*this);
  }

 private:
  struct Go {};
  struct Waiter {
    Waiter(Gate &before, sd_event *loop) : gate(before), turn(loop) { gate.waiting_.push_back(this); }
    ~Waiter() {
      std::erase(gate.waiting_, this);
      if (has_turn) gate.leave();
    }
    Waiter(const Waiter &) = delete;
    Waiter &operator=(const Waiter &) = delete;
    Gate &gate;
    Mailbox<Go> turn;
    bool has_turn = false;
  };

  void leave() {
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    Waiter &next = *waiting_.front();
    waiting_.pop_front();
    next.has_turn = true;
    next.turn.post({});
  }

  std::size_t free_;
  std::deque<Waiter *> waiting_;
};

}  // namespace passkeyd
