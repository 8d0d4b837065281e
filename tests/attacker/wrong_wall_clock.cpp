/// wrong-wall-clock: preloaded, it sets CLOCK_REALTIME wrong by WRONG_BY seconds for one program and what it starts, and
/// touches no other clock. (libfaketime also answers for timers, and sd-event's then end with an error.)
#include <dlfcn.h>
#include <time.h>

#include <cstdlib>

extern "C" __attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now) noexcept {
  using ClockGettime = int (*)(clockid_t, struct timespec *);
  static const auto real = reinterpret_cast<ClockGettime>(dlsym(RTLD_NEXT, "clock_gettime"));
  const int failed = real(clock, now);
  const char *wrong_by = std::getenv("WRONG_BY");
  if (failed == 0 && clock == CLOCK_REALTIME && wrong_by != nullptr) now->tv_sec += std::atol(wrong_by);
  return failed;
}
