/// How findings are put on paper: for people and for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/doctor/finding.h"

namespace passkeyd::cli {

/// What a report leaves out.
enum class Telling {
  All,
  Troubles,  ///< bad and warning only
};

/// The worst first. Each with its level, and what to do below it.
std::string findings_text(const Findings &findings, Telling telling);

/// "2 bad, 1 warning, 3 notes, 14 good".
std::string summary_text(const Findings &findings);

nlohmann::json findings_json(const Findings &findings);

/// The worst level there is; Good if there is none.
Level worst_of(const Findings &findings);

}  // namespace passkeyd::cli
