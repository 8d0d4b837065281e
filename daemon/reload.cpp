/// Reading again.
#include "daemon/reload.h"

#include "common/log.h"

namespace passkeyd {

std::string reload(Config &in_force, const std::string &directory, const std::string &vendor) {
  Result<Config> fresh = load_config(directory, vendor);
  if (!fresh) {
    log_line(LogLevel::Error,
             "reload refused, the configuration before it stays in force: " + fresh.error().sentence);
    return fresh.error().sentence;
  }
  in_force = std::move(fresh).value();
  log_line(LogLevel::Info, "the configuration was read again and is in force");
  return kConfigLoaded;
}

}  // namespace passkeyd
