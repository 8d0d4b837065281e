/// Clock: the time, as something a test can set. Deciders take times as values; only those who fetch them
/// hold a Clock.
#pragma once

#include <chrono>

namespace passkeyd {

/// Wall-clock time in whole seconds since 1970, for records that people read.
using WallTime = std::chrono::sys_seconds;
/// Time since boot, sleep included, for waiting and freshness: nobody can set it back. See CLOCK_BOOTTIME,
/// clock_gettime(2).
using BootTime = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime wall() const = 0;
  [[nodiscard]] virtual BootTime boot() const = 0;
};

/// The machine's own clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override;
  [[nodiscard]] BootTime boot() const override;
};

}  // namespace passkeyd
