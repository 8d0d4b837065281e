/// Writing credentials into a bus message.
#include "daemon/reply.h"

#include <string>

#include "daemon/bus.h"

namespace passkeyd {
namespace {

std::int64_t seconds_of(WallTime time) {
  return time.time_since_epoch().count();
}

int append(sd_bus_message *reply, const Credential &credential) {
  int failed = sd_bus_message_open_container(reply, 'a', "{sv}");
  const auto put = [&](const char *key, const char *type, auto value) {
    if (failed >= 0) failed = sd_bus_message_append(reply, "{sv}", key, type, value);
  };
  put("id", "s", short_id(credential.id).c_str());
  put("name", "s", credential.name.c_str());
  put("way", "s", std::string(name_of(credential.way)).c_str());
  put("device", "s", credential.device.c_str());
  put("state", "s", std::string(name_of(credential.state)).c_str());
  put("user", "s", credential.owner.name.str().c_str());
  put("created", "x", seconds_of(credential.created));
  if (credential.last_used) put("last-used", "x", seconds_of(*credential.last_used));
  put("user-verification", "b", static_cast<int>(credential.user_verification));
  put("synced", "b", static_cast<int>(credential.backup_eligible));
  return failed >= 0 ? sd_bus_message_close_container(reply) : failed;
}

}  // namespace

int reply_credentials(sd_bus_message *call, const std::vector<Credential> &credentials) {
  sd_bus_message *made = nullptr;
  int failed = sd_bus_message_new_method_return(call, &made);
  const BusMessage reply(made);
  if (failed >= 0) failed = sd_bus_message_open_container(reply.get(), 'a', "a{sv}");
  for (const Credential &credential : credentials)
    if (failed >= 0) failed = append(reply.get(), credential);
  if (failed >= 0) failed = sd_bus_message_close_container(reply.get());
  if (failed < 0) return failed;
  return sd_bus_send(sd_bus_message_get_bus(call), reply.get(), nullptr);
}

}  // namespace passkeyd
