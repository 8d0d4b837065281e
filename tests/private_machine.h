/// A machine of the test's own: a mount namespace with an empty /run and a /etc/passwd that has the daemon's
/// user, so that code with fixed paths meets a bus that the test made. All of it vanishes with the process,
/// however it ends.
#pragma once

#include <sys/types.h>

#include <string>

namespace passkeyd::test {

inline constexpr uid_t kDaemonUid = 64990;  ///< of "passkeyd" in the private /etc/passwd
inline constexpr const char *kScratch = "/run/test";

/// Call first in main(), before anything else is open or threaded. As root it needs nothing; others get a
/// user namespace, in which they are root. Ends the process with a message if the kernel refuses.
void enter_private_machine();

/// True if this process may become another user (not in a user namespace with one user).
bool can_change_user();

/// Creates or replaces a file.
void write_file(const std::string &path, const std::string &text);

/// A dbus-daemon of the test's own, whose policy allows everything. Ready when constructed, gone when
/// destroyed.
class PrivateBus {
 public:
  /// `services`: a directory of D-Bus service files, or empty.
  explicit PrivateBus(std::string socket = "/run/dbus/system_bus_socket", const std::string &services = "");
  ~PrivateBus();
  PrivateBus(const PrivateBus &) = delete;
  PrivateBus &operator=(const PrivateBus &) = delete;

  [[nodiscard]] const std::string &socket() const { return socket_; }

 private:
  std::string socket_;
  pid_t pid_ = -1;
};

}  // namespace passkeyd::test
