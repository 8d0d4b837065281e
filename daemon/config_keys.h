/// The keys of passkeyd.conf: one table, each row knowing how its value is read and how it would be written.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "daemon/config.h"

namespace passkeyd {

struct ConfigKey {
  enum class Reach {
    Everything,  ///< only in the general part: the same for all services
    Service,     ///< may differ in a [service NAME]
  };
  std::string_view name;
  Reach reach;
  /// Errors: NotConfigured, saying what the value must be.
  Status (*set)(Config &config, Policy &policy, std::string_view value);
  std::string (*show)(const Config &config, const Policy &policy);
};

/// In the order in which people read them.
std::span<const ConfigKey> config_keys();

/// nullptr: there is no such key.
const ConfigKey *config_key(std::string_view name);

}  // namespace passkeyd
