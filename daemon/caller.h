/// Caller: who sent a bus message, as the bus and logind know them. Nothing here is taken from the message's
/// content.
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include <string>

#include "common/result.h"

namespace passkeyd {

struct Caller {
  uid_t uid;             ///< effective uid, by SO_PEERCRED through the bus daemon
  pid_t pid;             ///< 0 if the bus does not say
  std::string bus_name;  ///< unique name, such as ":1.42"
  [[nodiscard]] bool is_root() const { return uid == 0; }
};

/// Errors: NotAllowed when the bus cannot say who it is.
Result<Caller> caller_of(sd_bus_message *call);

/// True if the process belongs to a session that logind knows to be remote. A process without a session is
/// not.
bool session_is_remote(pid_t pid);

/// True if PAM_RHOST names another machine: anything but empty, "localhost" and the loopback addresses.
bool host_is_remote(const std::string &remote_host);

}  // namespace passkeyd
