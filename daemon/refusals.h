/// Refusals: somebody asked for what they may not do. That is worth a record, but nobody fills the disk by
/// asking: each person has an allowance that comes back with time, and so have all together.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <map>

#include "common/clock.h"

namespace passkeyd {

class Refusals {
 public:
  static constexpr std::chrono::hours kWindow{1};
  static constexpr std::size_t kMostOfOneUser = 10;
  static constexpr std::size_t kMost = 100;

  /// True if one more may be put on record, which counts it.
  bool may_record(uid_t uid, BootTime now);

 private:
  BootTime begun_{};
  bool any_ = false;
  std::size_t all_ = 0;
  std::map<uid_t, std::size_t> of_;  ///< never more than kMost people
};

}  // namespace passkeyd
