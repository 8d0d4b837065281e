/// Calling.
#include "client/upkeep.h"

namespace passkeyd {

Status rename_credential(Bus &bus, const UserName &user, const std::string &which, const std::string &name,
                         Patience &patience) {
  const auto fill = [&](sd_bus_message *call) {
    return sd_bus_message_append(call, "sss", user.str().c_str(), which.c_str(), name.c_str());
  };
  TRY(bus.call_manager("RenameCredential", fill, patience, Bus::kAuthorityTime));
  return Ok{};
}

}  // namespace passkeyd
