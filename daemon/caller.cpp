/// Asking the bus and the kernel about a caller.
#include "daemon/caller.h"

#include <poll.h>
#include <sys/syscall.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>

#include "daemon/bus.h"

namespace passkeyd {
namespace {

void drop_creds(sd_bus_creds *creds) {
  sd_bus_creds_unref(creds);
}
using Creds = Handle<sd_bus_creds, drop_creds>;

/// From /proc/NUMBER/status, which everybody can read, unlike its owner: that is root for processes which
/// forbid core dumps.
std::optional<uid_t> effective_uid(pid_t number) {
  std::ifstream status("/proc/" + std::to_string(number) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("Uid:")) continue;
    std::istringstream numbers(line.substr(4));
    uid_t real = 0;
    uid_t effective = 0;
    if (numbers >> real >> effective) return effective;
  }
  return std::nullopt;
}

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

Result<CallerProcess> CallerProcess::hold(pid_t number) {
  if (number <= 0) return Error{ErrorKind::NotFound, "the bus does not say which process is calling"};
  Fd process(static_cast<int>(syscall(SYS_pidfd_open, number, 0)));
  if (process) return CallerProcess(number, std::move(process));
  if (errno == ESRCH) return Error{ErrorKind::NotFound, "the calling process has ended"};
  return errno_error("pidfd_open", errno);
}

Status CallerProcess::is_still(uid_t uid) const {
  const std::optional<uid_t> effective = effective_uid(number_);
  // A pidfd is readable once its process has ended. Looked at last: until then the number was this process's.
  pollfd ended{process_.get(), POLLIN, 0};
  if (poll(&ended, 1, 0) != 0) return Error{ErrorKind::NotAllowed, "the calling process has ended"};
  if (effective != uid) return Error{ErrorKind::NotAllowed, "the calling process runs as somebody else"};
  return Ok{};
}

}  // namespace passkeyd
