/// Status: what anybody may know of this machine: the policy in force and the daemon's own state. Names no
/// account.
#pragma once

#include "daemon/admission.h"

namespace passkeyd {

struct DaemonState {
  std::string rp_id;
  std::string config;                          ///< kConfigLoaded, or why the last reload was refused
  std::optional<std::uint32_t> attempts = {};  ///< for root: who signs in when is nobody else's business
  std::optional<MetadataState> metadata = {};  ///< nullopt: none in force
};

Task<Status> get_policy(House &house, Call call);
Task<Status> get_status(House &house, Call call);

}  // namespace passkeyd
