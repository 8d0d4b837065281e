/// Bus: one connection to the system bus and, on it, the daemon: found, started if need be, and checked to be
/// who it says. Everything is bounded in time. Knows no method of the daemon.
///
/// The connection is private to its owner, and its address is a constant of the program: no environment
/// variable is asked. The daemon ties every attempt to the connection, so dropping a Bus cancels what is
/// under way.
#pragma once

#include <systemd/sd-bus.h>

#include <functional>
#include <string>

#include "client/patience.h"
#include "common/handle.h"
#include "common/result.h"
#include "common/steps.h"

namespace passkeyd {

namespace bus_detail {
inline void close_bus(sd_bus *held) {
  sd_bus_close_unref(held);  // no flush: that could block on a bus that reads nothing
}
inline void free_message(sd_bus_message *held) {
  sd_bus_message_unref(held);
}
}  // namespace bus_detail

using Message = Handle<sd_bus_message, bus_detail::free_message>;

/// May the daemon (through polkit) ask the person to authenticate for this call? Only where somebody is
/// waiting for it: a PAM module never, a command may.
enum class Interactive { No, Yes };

/// What Ctrl-C at a host that only notes it (sudo) does to a wait.
enum class CtrlC {
  IsTheHosts,  ///< nothing: the host hears of it, and the answer is waited for. Where no answer would let
               ///< somebody by
  EndsTheWait,
};

class Bus {
 public:
  /// Connects and says hello, within a few seconds and within `patience`. `socket` is for tests with a bus of
  /// their own (only characters that a D-Bus address need not escape); everybody else takes the default.
  /// Errors: Disconnected, Timeout.
  static Result<Bus> open(Patience &patience, Interactive interactive = Interactive::No,
                          CtrlC ctrl_c = CtrlC::EndsTheWait,
                          const std::string &socket = bus::kSystemBusSocket);

  /// Appends the arguments to a call; gives a negative errno as sd-bus does.
  using Fill = std::function<int(sd_bus_message *)>;

  /// Calls a method of the daemon's manager object, starting the daemon if it is not running. The call goes
  /// to the very connection whose owner was checked. A daemon that ended in between is started
  /// once more. Errors: what the daemon says; Disconnected, Timeout; NotAllowed from the bus's
  /// policy.
  Result<Message> call_manager(const char *method, const Fill &fill, Patience &patience,
                               Patience::Time most = kManagerTime);

  /// Calls a method of an object that the daemon gave us, on the connection that gave it.
  Result<Message> call_object(const std::string &path, const char *interface, const char *method,
                              const Fill &fill, Patience &patience, Patience::Time most);

  /// Calls a method of another service of the system, such as logind, whose owner must be root. Not started
  /// if it is not there. Errors: NotFound where logind says that there is no such session or user; else as
  /// call_manager.
  Result<Message> call_system(const char *service, const char *path, const char *interface,
                              const char *method, const Fill &fill, Patience &patience,
                              Patience::Time most = kManagerTime);

  /// The same as call_object, without waiting for an answer or caring for one.
  void post(const std::string &path, const char *interface, const char *method);

  static constexpr Patience::Time kConnectTime = std::chrono::seconds(5);
  static constexpr Patience::Time kManagerTime = std::chrono::seconds(25);
  /// For the daemon to start. The bus does not hear of a start that failed, and would wait for 25 seconds.
  static constexpr Patience::Time kStartTime = std::chrono::seconds(10);
  /// For a call that polkit may have a question about: a person has to find and type a password.
  static constexpr Patience::Time kAuthorityTime = std::chrono::minutes(3);

 private:
  using Connection = Handle<sd_bus, bus_detail::close_bus>;
  Bus(Connection connection, CtrlC ctrl_c) : connection_(std::move(connection)), ctrl_c_(ctrl_c) {}

  Result<Message> call(const char *destination, const char *path, const char *interface, const char *method,
                       const Fill &fill, Patience &patience, Patience::Time most);
  Result<Message> ask_driver(const char *method, const Fill &fill, Patience &patience,
                             Patience::Time most = kManagerTime);
  Result<std::string> name_owner(const char *service, Patience &patience);
  Result<uid_t> uid_behind(const std::string &connection, Patience &patience);
  Status find_daemon(Patience &patience);

  Connection connection_;
  CtrlC ctrl_c_;
  std::string daemon_;  ///< unique name of the checked daemon; empty until found
};

/// Appends one text entry to an open a{sv}.
int append_text(sd_bus_message *message, const char *key, const std::string &value);

}  // namespace passkeyd
