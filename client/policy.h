/// The policy in force, read off the bus: what is set for a PAM service, and where.
#pragma once

#include <string>
#include <vector>

#include "client/bus.h"

namespace passkeyd {

/// One key of passkeyd.conf. Texts are printable.
struct PolicyRecord {
  std::string key;
  std::string value;
  std::string source;  ///< "FILE:LINE", "default", or "ledger"
};

/// What GetPolicy says about `service` (empty: services without a section of their own). Errors: as
/// Bus::call_manager; Malformed if the answer is no list of such rows, or absurdly long.
Result<std::vector<PolicyRecord>> get_policy(Bus &bus, const std::string &service, Patience &patience);

}  // namespace passkeyd
