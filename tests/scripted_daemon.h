/// A daemon that follows a script: it owns org.passkeyd1 on a private bus, expects the calls that the test
/// lists, in that order, and answers each as told. Anything else, and anything left over, fails the test. A
/// process of its own, because the faces under test block.
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace passkeyd::test {

/// Answers one call, in the daemon's process; gives a negative errno on failure.
using Reaction = std::function<int(sd_bus_message *call)>;

/// What must happen next, as one line, and the reaction to it. The lines:
///   "BeginLogin user=alice service=s tty=t rhost=h" (only the keys that came, in this order)
///   "BeginLogin user=alice agent=hello" (what the agent behind the descriptor says by itself)
///   "BeginEnrollment user=alice way=usb name=n"
///   "Next", "Next empty", "Next secret=1234", "Next text=t", "Next choice=1"   ("Next secret: ..." if it is
///   unsealed) "Cancel", "ListCredentials alice", "RenameCredential alice aa11 new", "GetStatus", "LockUser
///   alice all-methods=no reason=r" (a truth is its key alone), "RevokeCredential alice c0ffee reason=r",
///   "gone": the connection that began the attempt was closed
struct Event {
  std::string expected;
  Reaction react;
};

using Value =
    std::variant<std::string, std::uint32_t, std::vector<std::string>, bool, std::int64_t, std::uint64_t>;
using Dictionary = std::vector<std::pair<std::string, Value>>;

inline constexpr const char *kAttemptPath = "/org/passkeyd1/attempt/1";

Reaction attempt();                                               ///< answers with kAttemptPath
Reaction step(std::string name, Dictionary details = {});         ///< answers "sa{sv}"
Reaction error(std::string name);                                 ///< answers with this error
Reaction hang();                                                  ///< never answers
Reaction vanish();                                                ///< ends the daemon's process
Reaction asks_through_polkit(Reaction answer);                    ///< fails unless the call lets polkit ask
Reaction nothing();                                               ///< for events that want no answer
Reaction append(std::function<int(sd_bus_message *reply)> fill);  ///< answers with whatever fill appends
int append_dictionary(sd_bus_message *reply, const Dictionary &entries);  ///< one a{sv}

/// "BeginLogin <rest>" answered by attempt().
Event begins(const std::string &rest);
/// "Next<rest>" answered by a step.
Event next(const std::string &rest, std::string name, Dictionary details = {});

struct DaemonSetup {
  std::string socket = "/run/dbus/system_bus_socket";
  uid_t uid = 0;         ///< the user it runs as
  bool forever = false;  ///< start the script again with every attempt; being cancelled is fine
};

/// Owns the name when constructed.
class ScriptedDaemon {
 public:
  explicit ScriptedDaemon(std::vector<Event> script, DaemonSetup setup = {});
  ~ScriptedDaemon();
  ScriptedDaemon(const ScriptedDaemon &) = delete;
  ScriptedDaemon &operator=(const ScriptedDaemon &) = delete;

  /// Fails the test unless all of the script came to pass and nothing else did. Waits for what is still on
  /// its way.
  void must_be_done();

 private:
  pid_t pid_ = -1;
  int control_ =
      -1;  ///< both ways: 'r' when ready; closing our writing end asks for the verdict, which is a line
};

/// The same in this process, for a bus that starts it; ends when the script does. Gives the complaint, or "".
std::string run_script(std::vector<Event> script, const DaemonSetup &setup, int control = -1);

}  // namespace passkeyd::test
