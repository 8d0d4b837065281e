/// The rule that makes guessing slow: pure, tries and times in, a wait out. Who counts the tries is
/// tries.cpp.
#pragma once

#include <chrono>
#include <string_view>
#include <vector>

#include "ledger/moment.h"

namespace passkeyd {

/// Where a try comes from. Counted apart, so that nobody on the network can lock out the person at the desk.
enum class Place { Remote, Local };

/// "remote", "local".
std::string_view name_of(Place place);

struct LimitRule {
  /// So many failures in a row cost no wait.
  std::size_t free_in_a_row = 5;
  /// After that many, the next try waits this long; every further failure doubles it, up to longest_wait.
  std::chrono::seconds first_wait{30};
  std::chrono::seconds longest_wait{3600};
  /// And never more than this many failures within any `day`, whatever succeeded between them: a TPM's
  /// dictionary-attack counter falls only with time, so four wrong and one right must not go on all day.
  std::size_t per_day = 8;
  std::chrono::seconds day{24 * 3600};
};

/// The rule for anything that can be guessed, PINs and backup codes alike, where nothing else is configured.
inline constexpr LimitRule kPinTries{};

/// The rule of those that may be configured that looks furthest back.
inline constexpr LimitRule kLongestMemory{
    .free_in_a_row = 20, .first_wait = std::chrono::seconds(1), .longest_wait = std::chrono::seconds(86400)};

/// One try that counts: it failed, or nobody knows yet what became of it.
struct CountedTry {
  Age age{};              ///< when it began
  bool in_a_row = false;  ///< no success has come after it
};

/// How long to wait before another try, in whole seconds, rounded up; zero: now. `tries`: in any order.
std::chrono::seconds wait_before_next(const LimitRule &rule, const std::vector<CountedTry> &tries, Age now);

/// How many in-a-row tries make a difference to the rule; older ones may be forgotten.
std::size_t tries_that_matter(const LimitRule &rule);

}  // namespace passkeyd
