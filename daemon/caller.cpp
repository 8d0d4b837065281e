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

/// Only for fair shares: read from /proc, and so not to be built upon. su is root to the bus, but its real
/// uid is still that of who started it; sudo's is not, and where nothing is audited it counts as root's.
uid_t person_behind(sd_bus_creds *creds, uid_t effective) {
  uid_t person = 0;
  if (sd_bus_creds_get_audit_login_uid(creds, &person) >= 0) return person;
  if (sd_bus_creds_get_uid(creds, &person) >= 0) return person;
  return effective;
}

}  // namespace

Result<Caller> caller_of(sd_bus_message *call) {
  const Error unknown{ErrorKind::NotAllowed, "The bus does not say who is calling."};
  sd_bus_creds *held = nullptr;
  constexpr std::uint64_t kAsked = SD_BUS_CREDS_EUID | SD_BUS_CREDS_PID | SD_BUS_CREDS_UID |
                                   SD_BUS_CREDS_AUDIT_LOGIN_UID | SD_BUS_CREDS_AUGMENT;
  if (sd_bus_query_sender_creds(call, kAsked, &held) < 0) return unknown;
  const Creds creds(held);
  Caller caller{0, 0, 0, sd_bus_message_get_sender(call)};
  if (sd_bus_creds_get_euid(creds.get(), &caller.uid) < 0) return unknown;
  if (sd_bus_creds_get_pid(creds.get(), &caller.pid) < 0) caller.pid = 0;
  caller.person = person_behind(creds.get(), caller.uid);
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
