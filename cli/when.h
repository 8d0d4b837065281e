/// Points in time as people write them on a command line, and as tables show them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace passkeyd::cli {

/// Seconds since 1970 of `text`, which is one of
///   "2026-12-01", "2026-12-01 14:30", "2026-12-01 14:30:15" (a 'T' may stand for the space; local time),
///   "now", "today", "yesterday" (their beginning),
///   "-2h": so long before `now`, with s, min, h, d or w,
///   "@1764633600": as it is.
/// Errors: InvalidInput.
Result<std::int64_t> parse_when(std::string_view text, std::int64_t now);

/// The machine's wall clock.
std::int64_t time_now();

/// Local time to the second, "2026-12-01 14:30:15".
std::string when_text(std::int64_t seconds);

/// Local time to the day.
std::string day_text(std::int64_t seconds);

}  // namespace passkeyd::cli
