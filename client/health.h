/// Health: what the daemon finds when it looks at itself, its ledger and its TPM.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/bus.h"
#include "common/level.h"

namespace passkeyd {

/// One finding of GetHealth. Texts are printable.
struct HealthFinding {
  std::string check;  ///< stable name
  Level level = Level::Bad;
  std::string detail = {};
  std::map<std::string, std::int64_t> numbers = {};
};

/// Errors: as Bus::call_manager; Malformed.
Result<std::vector<HealthFinding>> get_health(Bus &bus, Patience &patience);

}  // namespace passkeyd
