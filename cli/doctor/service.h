/// The daemon, as doctor meets it: does it answer, is it of this version, and what does it find itself?
#pragma once

#include "cli/doctor/finding.h"
#include "client/bus.h"
#include "client/records.h"

namespace passkeyd::cli {

/// What a face can see of the daemon without any right: whether it answers, and its version.
Findings check_service(const Result<StatusReport> &status);

/// What the daemon finds, or why it was not asked.
Findings check_health(const Result<std::vector<HealthFinding>> &health);

}  // namespace passkeyd::cli
