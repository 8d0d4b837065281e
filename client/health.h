/// Health: what the daemon finds when it looks at itself, its ledger and its TPM.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/bus.h"

namespace passkeyd {

/// How a finding is meant. {} is the one that gets looked at.
enum class Level {
  Bad,      ///< broken: somebody cannot sign in, or somebody could who must not
  Warning,  ///< works, and will not always, or not as safely as it could
  Note,     ///< good to know
  Good,
};

/// "bad", "warning", "note", "good".
std::string_view name_of(Level level);

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
