/// Asking the bus and logind about a caller.
#include "daemon/caller.h"

#include <systemd/sd-login.h>

#include <cstdlib>

#include "daemon/bus.h"

namespace passkeyd {
namespace {

void drop_creds(sd_bus_creds *creds) {
  sd_bus_creds_unref(creds);
}
using Creds = Handle<sd_bus_creds, drop_creds>;

}  // namespace

Result<Caller> caller_of(sd_bus_message *call) {
  const Error unknown{ErrorKind::NotAllowed, "The bus does not say who is calling."};
  sd_bus_creds *held = nullptr;
  if (sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID | SD_BUS_CREDS_PID, &held) < 0) return unknown;
  const Creds creds(held);
  Caller caller{0, 0, sd_bus_message_get_sender(call)};
  if (sd_bus_creds_get_euid(creds.get(), &caller.uid) < 0) return unknown;
  if (sd_bus_creds_get_pid(creds.get(), &caller.pid) < 0) caller.pid = 0;
  return caller;
}

bool session_is_remote(pid_t pid) {
  if (pid <= 0) return false;
  char *session = nullptr;
  if (sd_pid_get_session(pid, &session) < 0) return false;
  const bool remote = sd_session_is_remote(session) > 0;
  std::free(session);
  return remote;
}

bool host_is_remote(const std::string &remote_host) {
  return !remote_host.empty() && remote_host != "localhost" && remote_host != "127.0.0.1" &&
         remote_host != "::1";
}

}  // namespace passkeyd
