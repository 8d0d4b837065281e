/// A ceremony process from beginning to end: the request, what it reaches for, the walls, the act, the last
/// word.
#pragma once

#include <functional>
#include <vector>

#include "daemon/ceremony/operations.h"

namespace passkeyd {

/// What happens behind the walls: perform(), or what a test tries there.
using Act = std::function<LastWord(const wire::Request &request, const Reach &reach, std::vector<Fd> secrets,
                                   const std::function<void(const wire::Event &)> &say)>;

/// Lives the process: gives its exit status. Started by passkeyd with one end of a socket pair as descriptor
/// 3: reads a request, writes cues and one last event. When the other end closes, the person or the program
/// went away: the key is told to stop blinking. If the walls do not stand, nothing is performed.
int live_as_ceremony(const Act &act);

}  // namespace passkeyd
