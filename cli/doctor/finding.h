/// Finding: one thing that doctor saw, how it is meant, and what to do about it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/health.h"

namespace passkeyd::cli {

struct Finding {
  std::string check;  ///< stable name, for scripts
  Level level = Level::Bad;
  std::string what;                                  ///< in a sentence
  std::string advice = {};                           ///< what to do; empty: nothing
  std::string detail = {};                           ///< for people who know; may be empty
  std::map<std::string, std::int64_t> numbers = {};  ///< what was measured
};

using Findings = std::vector<Finding>;

}  // namespace passkeyd::cli
