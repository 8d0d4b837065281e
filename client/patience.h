/// Patience: how long a face waits for the daemon, over a whole attempt. What people take to read and type is
/// not taken off: only they know how long that is.
#pragma once

#include <chrono>
#include <utility>

namespace passkeyd {

class Patience {
 public:
  using Time = std::chrono::microseconds;

  explicit Patience(Time total) : left_(total) {}

  /// What is left, but no more than `most`. Never negative.
  [[nodiscard]] Time at_most(Time most) const;
  [[nodiscard]] bool is_over() const { return left_ <= Time::zero(); }

  /// Runs `wait` and takes off the time it took.
  template <class Wait>
  auto spend(Wait wait) {
    const Time start = now();
    auto result = wait();
    left_ -= now() - start;
    return result;
  }

 private:
  static Time now();
  Time left_;
};

}  // namespace passkeyd
