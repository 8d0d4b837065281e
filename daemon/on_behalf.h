/// OnBehalf: whose work the event loop is doing right now. A story begins on somebody's behalf, and its
/// mailboxes carry that over every wait; so what it starts (daemon/ceremonies.h) counts for them without any
/// story having to hand it on, and none can forget to.
#pragma once

#include <utility>

#include "daemon/shares.h"

namespace passkeyd {

class OnBehalf {
 public:
  /// While it lives, what is done is `share`'s.
  explicit OnBehalf(Share share) : before_(std::exchange(now_, std::move(share))) {}
  ~OnBehalf() { now_ = std::move(before_); }
  OnBehalf(const OnBehalf &) = delete;
  OnBehalf &operator=(const OnBehalf &) = delete;

  /// Nobody's in particular is the machine's.
  static const Share &now() { return now_; }

 private:
  inline static Share now_{Door::Machine};  ///< the daemon has one thread
  Share before_;
};

}  // namespace passkeyd
