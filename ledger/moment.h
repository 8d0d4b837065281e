/// Moment: now, by every clock the ledger cares about, and the running time it makes of them.
#pragma once

#include <string>

#include "common/clock.h"
#include "common/result.h"

namespace passkeyd {

struct Moment {
  WallTime wall{};      ///< for records that people read; decides nothing
  BootTime boot{};      ///< since boot, sleep included
  std::string boot_id;  ///< which boot: 1 to kMaxBootId bytes, different after every restart

  static constexpr std::size_t kMaxBootId = 64;
};

/// The machine's present moment; the boot id is the kernel's own (random(4),
/// /proc/sys/kernel/random/boot_id). Errors: Io.
Result<Moment> moment_of(const Clock &clock);

/// Running time that has been seen, over all boots. Never runs backwards, and no setting of the wall clock
/// moves it. Waits are measured with it, so they can come out longer than asked, never shorter: the time the
/// machine is off, and the time after the last look before it went off, do not count.
using Age = std::chrono::nanoseconds;

/// What the ledger remembers of its last look at the clocks.
struct AgeRecord {
  std::string boot_id;
  BootTime boot{};
  Age age{};
  bool operator==(const AgeRecord &) const = default;
};

/// The record as it is at `now`. In the same boot, the boot clock tells how much later that is; in another
/// boot at least all of the time since that boot. A boot clock that went backwards (a machine restored from a
/// snapshot) adds nothing.
AgeRecord advance(const AgeRecord &last, const Moment &now);

}  // namespace passkeyd
