/// Style: what stands out, for people at a terminal that can show it. Never the only sign of anything: words
/// say the same.
#pragma once

#include <cstddef>
#include <string>

namespace passkeyd::cli {

enum class Accent {
  None,
  Strong,   ///< a heading
  Warning,  ///< should be looked at
  Bad,      ///< opens nothing, or should not
};

/// Standard output, as whoever reads it would have it.
struct Screen {
  std::size_t columns = 0;  ///< 0: as many as it takes
  bool colour = false;

  /// Colour only on a terminal, and not where NO_COLOR (no-color.org) or TERM=dumb say otherwise.
  static Screen of_stdout();
};

/// `text` between the sequences that give it `accent`; as it is without colour.
std::string accented(std::string text, Accent accent, const Screen &screen);

}  // namespace passkeyd::cli
