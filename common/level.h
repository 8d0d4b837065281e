/// Level: how a finding of the health check is meant. The names travel over the bus and are shown: add at will,
/// rename never.
#pragma once

#include <string_view>

namespace passkeyd {

/// {} is the one that gets looked at.
enum class Level {
  Bad,      ///< broken: somebody cannot sign in, or somebody could who must not
  Warning,  ///< works, and will not always, or not as safely as it could
  Note,     ///< good to know
  Good,
};

/// "bad", "warning", "note", "good".
constexpr std::string_view name_of(Level level) {
  switch (level) {
    case Level::Good:
      return "good";
    case Level::Note:
      return "note";
    case Level::Warning:
      return "warning";
    case Level::Bad:
      break;
  }
  return "bad";
}

}  // namespace passkeyd
