/// What the daemon finds, in words, with what to do about it.
#pragma once

#include "cli/doctor/finding.h"

namespace passkeyd::cli {

/// A finding of a check that nobody here knows is told by its detail.
Finding in_words(const HealthFinding &finding);

}  // namespace passkeyd::cli
