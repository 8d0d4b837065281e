/// Refusals: somebody asked for what they may not do. That is worth a record, but nobody fills the disk by
/// asking: each person has an allowance that comes back with time, and so have all together.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "common/clock.h"

namespace passkeyd {

class Refusals {
 public:
  static constexpr std::chrono::hours kWindow{1};
  static constexpr std::size_t kMostOfOneUser = 10;
  static constexpr std::size_t kMost = 100;

  /// True if nothing is remembered that would still count.
  [[nodiscard]] bool forgotten(BootTime now) const { return !any_ || now - begun_ >= kWindow; }

  /// True if one more may be put on record, which counts it.
  bool may_record(uid_t uid, BootTime now) { return may_record_of(uid, now); }
  /// The same by what somebody called themself, known or not: whether that is an account must not show in
  /// what is written.
  bool may_record(const std::string &name, BootTime now) {
    return may_record_of(std::hash<std::string>{}(name), now);
  }

 private:
  BootTime begun_{};
  bool any_ = false;
  std::size_t all_ = 0;
  bool may_record_of(std::size_t whom, BootTime now);

  std::map<std::size_t, std::size_t> of_;  ///< never more than kMost people
};

}  // namespace passkeyd
