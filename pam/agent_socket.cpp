/// Finding the agent, and connecting to it.
#include "pam/agent_socket.h"

#include <fcntl.h>
#include <pwd.h>
#include <security/pam_modutil.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "client/printable.h"
#include "common/sshd.h"
#include "pam/handle.h"

namespace passkeyd {
namespace {

constexpr std::string_view kVariable = "SSH_AUTH_SOCK=";
constexpr std::string_view kPolkit = "polkit-1";
constexpr std::size_t kMaxEnvironment = 256 * 1024;  ///< bytes that are looked through
constexpr std::size_t kMaxCommand = 255;             ///< bytes that are shown

/// Whose agent it must be, and the process that was told where it is.
struct Person {
  uid_t uid;
  gid_t gid;
  std::string process;  ///< below /proc: "self", or a number
};

/// Of a file of /proc, at most `most` bytes; what cannot be read is empty.
std::string beginning_of(const std::string &path, std::size_t most) {
  const Fd file(openat(AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  while (file && text.size() < most) {
    char piece[4096];
    const ssize_t got = read(file.get(), piece, std::min(sizeof piece, most - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(piece, static_cast<std::size_t>(got));
  }
  return text;
}

/// The real user id of another process.
std::optional<uid_t> uid_of(const std::string &process) {
  constexpr std::string_view kLine = "\nUid:\t";
  const std::string status = beginning_of("/proc/" + process + "/status", 4096);
  const std::size_t at = status.find(kLine);
  uid_t uid = 0;
  if (at == std::string::npos) return std::nullopt;
  const char *begin = status.c_str() + at + kLine.size();
  if (std::from_chars(begin, status.c_str() + status.size(), uid).ec != std::errc()) return std::nullopt;
  return uid;
}

/// polkit's helper is set-user-id, is started with an empty environment, and by the program that the person
/// runs. One that the system started for somebody (socket-activated) has no such parent.
std::optional<Person> who_runs_the_parent() {
  const pid_t parent = getppid();
  if (parent <= 1) return std::nullopt;
  const std::string process = std::to_string(parent);
  if (uid_of(process) != getuid()) return std::nullopt;
  return Person{getuid(), getgid(), process};
}

/// sudo and su say who runs them; their own ids may be root's by now.
std::optional<Person> who_runs_this(pam_handle_t *pamh) {
  const std::string name = item_of(pamh, PAM_RUSER);
  if (name.empty()) return Person{getuid(), getgid(), "self"};
  const passwd *known = pam_modutil_getpwnam(pamh, name.c_str());
  if (known == nullptr) return Person{getuid(), getgid(), "self"};
  return Person{known->pw_uid, known->pw_gid, "self"};
}

/// What SSH_AUTH_SOCK said when that process began; empty if it did not, or says nothing that can be used.
std::string socket_named_in(const std::string &process) {
  const std::string all = beginning_of("/proc/" + process + "/environ", kMaxEnvironment);
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\0', at);
    if (end == std::string::npos) break;  // cut off
    const std::string_view one(all.data() + at, end - at);
    if (one.starts_with(kVariable)) return std::string(one.substr(kVariable.size()));
    at = end + 1;
  }
  return {};
}

/// While one of these lives, this thread opens files as that person. libc's setfsuid() says only what was
/// before; that a change came about is seen by asking again.
class AsPerson {
 public:
  explicit AsPerson(const Person &person) {
    // From these ids the way back is open whatever else this process may do.
    if (now_uid() != geteuid() || now_gid() != getegid()) return;
    setfsgid(person.gid);
    setfsuid(person.uid);
    is_so_ = now_uid() == person.uid && now_gid() == person.gid;
  }
  ~AsPerson() { static_cast<void>(back()); }
  AsPerson(const AsPerson &) = delete;
  AsPerson &operator=(const AsPerson &) = delete;

  [[nodiscard]] bool is_so() const { return is_so_; }
  /// Before the object goes; false: the process is not what it was.
  [[nodiscard]] bool back() {
    setfsuid(geteuid());
    setfsgid(getegid());
    return now_uid() == geteuid() && now_gid() == getegid();
  }

 private:
  static constexpr auto kNobody = static_cast<uid_t>(-1);  ///< changes nothing, as documented in setfsuid(2)
  static uid_t now_uid() { return static_cast<uid_t>(setfsuid(kNobody)); }
  static gid_t now_gid() { return static_cast<gid_t>(setfsgid(kNobody)); }

  bool is_so_ = false;
};

/// Nothing is opened but a connection: a path that leads to a pipe or a device is refused by the kernel
/// unopened. An agent with a full queue is not waited for.
bool connect_as(const Person &person, int socket, const std::string &path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!path.starts_with('/') || path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  AsPerson as_person(person);
  const bool connected =
      as_person.is_so() && connect(socket, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0;
  return as_person.back() && connected;
}

/// Wherever the path led, and whoever changed it meanwhile: what counts is who listens.
bool listens(const Person &person, int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && size == sizeof peer &&
         peer.uid == person.uid;
}

}  // namespace

Fd agent_of_the_person(pam_handle_t *pamh, const std::string &service) {
  if (service == sshd::kService) return {};
  const std::optional<Person> person = service == kPolkit ? who_runs_the_parent() : who_runs_this(pamh);
  const std::string path = person ? socket_named_in(person->process) : std::string();
  // A parent that has ended meanwhile may have left its number to another.
  if (path.empty() || (service == kPolkit && std::to_string(getppid()) != person->process)) return {};
  Fd connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection || !connect_as(*person, connection.get(), path) || !listens(*person, connection.get()))
    return {};
  return connection;
}

std::string command_of_the_host(const std::string &service) {
  constexpr std::string_view kRunners[] = {"sudo", "sudo-i", "su", "su-l", "pkexec"};
  if (std::find(std::begin(kRunners), std::end(kRunners), service) == std::end(kRunners)) return {};
  std::string line = beginning_of("/proc/self/cmdline", kMaxCommand);
  while (!line.empty() && line.back() == '\0') line.pop_back();
  std::replace(line.begin(), line.end(), '\0', ' ');
  return printable(line, kMaxCommand);
}

}  // namespace passkeyd
