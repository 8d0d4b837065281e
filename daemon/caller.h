/// Caller: who sent a bus message, as the bus and the kernel know them. Nothing here is taken from the
/// message's content.
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include <string>

#include "common/handle.h"
#include "common/result.h"

namespace passkeyd {

struct Caller {
  uid_t uid;     ///< effective uid, by SO_PEERCRED through the bus daemon
  pid_t pid;     ///< 0 if the bus does not say
  uid_t person;  ///< who is behind it, as far as the kernel knows: the audit's login uid, or the real one
  std::string bus_name;  ///< unique name, such as ":1.42"
  [[nodiscard]] bool is_root() const { return uid == 0; }
};

/// Errors: NotAllowed when the bus cannot say who it is.
Result<Caller> caller_of(sd_bus_message *call);

/// A caller's process while others are asked about its number, which somebody else may get once it has ended.
///
/// What remains: the bus knows the process that opened the connection. It may have handed that on and ended
/// before we held its number, and then we hold whoever has it now. The uid must fit, so that only root's or
/// one's own processes can be had in this way; root's do not hand connections on, and one's own gain nothing:
/// whoever may be told "granted" without being root is told about their own account, and decides alone what
/// to do with it.
class CallerProcess {
 public:
  /// Errors: NotFound if there is no such process; Io.
  static Result<CallerProcess> hold(pid_t number);

  /// Ok if it has not ended and runs as this effective uid. Errors: NotAllowed, Io.
  [[nodiscard]] Status is_still(uid_t uid) const;

 private:
  CallerProcess(pid_t number, Fd process) : number_(number), process_(std::move(process)) {}
  pid_t number_;
  Fd process_;  ///< pidfd
};

}  // namespace passkeyd
