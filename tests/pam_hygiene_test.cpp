/// pam_passkey.so as a guest in somebody else's process: what it shows, what it leaves behind, what it is
/// moved by.
#include <dirent.h>
#include <fcntl.h>
#include <libintl.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <set>
#include <thread>

#include "common/handle.h"
#include "common/steps.h"
#include "tests/check.h"
#include "tests/pam_host.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

using test::next;  // and not the vocabulary's namespace of that name
const Event kBegin = begins("user=alice service=passkey-test");
const std::vector<Event> kTouch = {kBegin, next("", "tell", {{"message", "touch"}}), next("", "granted")};

/// Standard output of a command; throws if it fails.
std::vector<std::string> lines_of(const std::string &command) {
  FILE *pipe = popen(command.c_str(), "re");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::vector<std::string> lines;
  char line[4096];
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    lines.emplace_back(line);
    if (lines.back().ends_with('\n')) lines.back().pop_back();
  }
  if (pclose(pipe) != 0) throw Failed("failed: " + command);
  return lines;
}

std::set<std::string> open_files() {
  std::set<std::string> files;
  const std::unique_ptr<DIR, int (*)(DIR *)> directory(opendir("/proc/self/fd"), closedir);
  while (const dirent *entry = readdir(directory.get()))
    if (std::stoi(std::string("0") + entry->d_name) != dirfd(directory.get())) files.insert(entry->d_name);
  return files;
}

/// What a program started from here finds open.
std::vector<std::string> inherited_files() {
  std::vector<std::string> files = lines_of("exec ls /proc/self/fd");
  std::sort(files.begin(), files.end());
  return files;
}

// --- what it shows
// -----------------------------------------------------------------------------------------------

void the_module_shows_the_world_six_functions_and_no_more() {
  const std::vector<std::string> expected = {"T pam_sm_acct_mgmt",    "T pam_sm_authenticate",
                                             "T pam_sm_chauthtok",    "T pam_sm_close_session",
                                             "T pam_sm_open_session", "T pam_sm_setcred"};
  std::vector<std::string> shown;
  for (const std::string &line : lines_of("nm -D --defined-only " + module_path))
    shown.push_back(line.substr(17));
  CHECK(shown == expected);
}

void the_module_stays_mapped_when_its_host_closes_it() {
  const std::vector<std::string> lines = lines_of("readelf -d " + module_path);
  CHECK(std::any_of(lines.begin(), lines.end(),
                    [](const std::string &line) { return line.find("NODELETE") != std::string::npos; }));
}

/// No environment, no signal handlers, no threads, no programs of its own, no locale but the host's; and no
/// files but what the kernel says of processes, which openat() is left for: a test below sees what it opens.
void the_module_cannot_call_what_a_guest_must_not() {
  const std::set<std::string> forbidden = {
      "getenv",  "secure_getenv", "setenv",     "putenv",         "unsetenv",       "clearenv",
      "environ", "signal",        "alarm",      "setitimer",      "pthread_create", "fork",
      "vfork",   "posix_spawn",   "execve",     "execv",          "execl",          "system",
      "popen",   "open",          "open64",     "fopen",          "fopen64",        "creat",
      "exit",    "_exit",         "abort",      "setuid",         "seteuid",        "setlocale",
      "umask",   "chdir",         "textdomain", "bindtextdomain", "pam_putenv",     "pam_get_authtok"};
  std::size_t imported = 0;
  for (const std::string &line : lines_of("nm -D --undefined-only " + module_path)) {
    const std::string symbol = line.substr(19, line.find('@') - 19);
    ++imported;
    if (forbidden.contains(symbol)) throw Failed("the module imports " + symbol);
    if (symbol.find("basic_ostream") != std::string::npos) throw Failed("the module uses iostreams");
  }
  CHECK(imported > 20);
}

/// Whatever could still be written to after loading lies in .data or .bss.
void the_module_keeps_no_state_of_its_own() {
  const std::set<std::string> of_the_toolchain = {"completed.0", "__TMC_END__", "__dso_handle",
                                                  "DW.ref.__gxx_personality_v0"};
  std::size_t symbols = 0;
  for (const std::string &line : lines_of("nm -f sysv " + module_path)) {
    ++symbols;
    if (!line.ends_with("|.data") && !line.ends_with("|.bss")) continue;
    const std::string symbol = line.substr(0, line.find_first_of(" |"));
    if (!of_the_toolchain.contains(symbol)) throw Failed("the module has state: " + symbol);
  }
  CHECK(symbols > 100);
}

// --- what it leaves behind
// ---------------------------------------------------------------------------------------

void a_program_started_during_or_after_a_login_inherits_nothing() {
  const PrivateBus bus;
  ScriptedDaemon daemon(kTouch);
  const std::vector<std::string> before = inherited_files();
  std::vector<std::string> during;
  std::size_t open_during = 0;
  const std::size_t open_before = open_files().size();
  const auto look = [&] {
    during = inherited_files();
    open_during = open_files().size();
  };
  CHECK(authenticate({.while_told = look}).code == PAM_SUCCESS);
  CHECK(open_during > open_before);  // the bus was open, so there was something to inherit
  CHECK(during == before);
  CHECK(inherited_files() == before);
  daemon.must_be_done();
}

volatile sig_atomic_t interrupts = 0;

/// Every signal's handler and mask, as bytes: what a guest must leave as it was.
std::string signals_of_the_host() {
  std::string state;
  for (int number = 1; number < SIGRTMIN; ++number) {
    struct sigaction action = {};
    if (sigaction(number, nullptr, &action) != 0) continue;
    state += std::to_string(reinterpret_cast<std::uintptr_t>(action.sa_handler)) + " " +
             std::to_string(action.sa_flags) + "\n";
  }
  sigset_t blocked;
  CHECK(pthread_sigmask(SIG_SETMASK, nullptr, &blocked) == 0);
  for (int number = 1; number < SIGRTMIN; ++number) state += sigismember(&blocked, number) == 1 ? '1' : '0';
  return state;
}

/// While it waits, the module listens for Ctrl-C where the host would only note it; nothing of that may stay.
void the_hosts_signals_are_left_as_they_were() {
  struct sigaction noting = {};
  noting.sa_handler = [](int) { interrupts = interrupts + 1; };
  struct sigaction before = {};
  CHECK(sigaction(SIGINT, &noting, &before) == 0);
  const PrivateBus bus;
  ScriptedDaemon daemon(kTouch);
  const std::string signals = signals_of_the_host();
  CHECK(authenticate().code == PAM_SUCCESS);
  CHECK(signals_of_the_host() == signals);
  CHECK(raise(SIGINT) == 0);
  CHECK(interrupts == 1);  // the host's handler is in force again
  CHECK(sigaction(SIGINT, &before, nullptr) == 0);
  daemon.must_be_done();
}

/// The words come in the language that the host has chosen, and the module chooses nothing.
void the_module_speaks_the_hosts_language_and_leaves_it_alone() {
  CHECK(mount(CATALOGS_DIR, "/usr/share/locale", "none", MS_BIND, nullptr) == 0);
  CHECK(setenv("LANGUAGE", "de", 1) == 0 && setlocale(LC_ALL, "C.UTF-8") != nullptr);
  const std::string locale = setlocale(LC_ALL, nullptr);
  const std::string domain = textdomain(nullptr);
  const PrivateBus bus;
  ScriptedDaemon daemon(kTouch);
  const HostResult result = authenticate();
  CHECK(result.said == std::vector<std::string>{"info: Bitte Sicherheitsschlüssel berühren."});
  CHECK(setlocale(LC_ALL, nullptr) == locale && textdomain(nullptr) == domain);
  daemon.must_be_done();
  CHECK(unsetenv("LANGUAGE") == 0 && setlocale(LC_ALL, "C") != nullptr);
  CHECK(umount2("/usr/share/locale", MNT_DETACH) == 0);  // libc keeps its catalogs mapped
}

// --- what it is moved by
// -----------------------------------------------------------------------------------------

/// Runs this program as a host of its own with `environment` before its name; gives the module's code.
int login_with(const std::string &environment, const char *how = "--login") {
  const std::vector<std::string> lines = lines_of(
      "env " + environment + " /proc/" + std::to_string(getpid()) + "/exe " + module_path + " " + how);
  return lines.empty() ? -1 : std::stoi(lines.back());
}

const char *const kHostile =
    " DBUS_STARTER_ADDRESS=unix:path=/run/test/evil DBUS_STARTER_BUS_TYPE=system "
    "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/test/evil SYSTEMD_BUS_TIMEOUT=1 SYSTEMD_LOG_LEVEL=debug "
    "SYSTEMD_LOG_TARGET=console XDG_RUNTIME_DIR=/run/test XDG_CONFIG_HOME=/run/test HOME=/run/test "
    "LANG=../../run/test LC_ALL=/run/test LOCPATH=/run/test TMPDIR=/run/test "
    "GCONV_PATH=/run/test ";

void a_hostile_environment_does_not_keep_anybody_out() {
  const PrivateBus bus;
  ScriptedDaemon daemon(kTouch);
  CHECK(login_with(std::string("DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/test/nothing") + kHostile) ==
        PAM_SUCCESS);
  daemon.must_be_done();
}

/// On the caller's own bus there is a daemon that would let anybody in.
void a_hostile_environment_lets_nobody_in() {
  const PrivateBus evil("/run/test/evil");
  ScriptedDaemon daemon({}, {.socket = "/run/test/evil"});
  CHECK(login_with(std::string("DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/test/evil") + kHostile) ==
        PAM_AUTHINFO_UNAVAIL);
  daemon.must_be_done();
}

/// The paths that the process touched from when it opened the module on.
std::vector<std::string> touched_paths(const std::string &trace) {
  std::vector<std::string> paths;
  std::ifstream file(trace);
  bool loaded = false;
  for (std::string line; std::getline(file, line);) {
    loaded =
        loaded || (line.starts_with("open") && line.find("\"" + module_path + "\"") != std::string::npos);
    const std::size_t start = line.find('"');
    if (!loaded || start == std::string::npos) continue;
    paths.push_back(line.substr(start + 1, line.find('"', start + 1) - start - 1));
  }
  return paths;
}

/// Libraries, libpam's own configuration, and what libc (time stamps of syslog), libcap and libaudit read.
bool is_the_systems(const std::string &path) {
  for (const char *start : {"/lib/", "/usr/lib/", "/run/test/pam.d", "/etc/pam.d", "/usr/share/zoneinfo/"})
    if (path.starts_with(start)) return true;
  const std::set<std::string> known = {module_path,
                                       "",
                                       "/etc/ld.so.cache",
                                       "/etc/localtime",
                                       "/proc/sys/kernel/cap_last_cap",
                                       "/proc/self/exe",
                                       "/proc/self/environ"};
  return known.contains(path);
}

void the_module_touches_no_file_that_a_user_controls() {
  const PrivateBus bus;
  ScriptedDaemon daemon(kTouch);
  const std::string trace = std::string(kScratch) + "/trace";
  CHECK(login_with(kHostile + std::string("strace -qq -o ") + trace + " -e trace=%file") == PAM_SUCCESS);
  daemon.must_be_done();
  const std::vector<std::string> paths = touched_paths(trace);
  CHECK(paths.size() > 1);
  for (const std::string &path : paths)
    if (!is_the_systems(path)) throw Failed("touched " + path);
}

// --- the person's agent
// ------------------------------------------------------------------------------------------

/// An agent that greets whoever comes, once; `uid` listens.
class Greeter {
 public:
  explicit Greeter(uid_t uid = 0) : listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, kPath);
    unlink(kPath);
    CHECK(bind(listener_.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) == 0);
    CHECK(chmod(kPath, 0666) == 0);
    CHECK(seteuid(uid) == 0);  // whose ids the kernel keeps for who asks
    const int listening = listen(listener_.get(), 1);
    CHECK(seteuid(0) == 0 && listening == 0);
    thread_ = std::thread([this] {
      const Fd guest(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!guest) return;
      send(guest.get(), "hello", 5, MSG_NOSIGNAL);
      char byte = 0;
      while (recv(guest.get(), &byte, 1, 0) > 0) continue;
    });
  }
  ~Greeter() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  Greeter(const Greeter &) = delete;
  Greeter &operator=(const Greeter &) = delete;

  static constexpr const char *kPath = "/run/test/agent";

 private:
  Fd listener_;
  std::thread thread_;
};

/// What the daemon is asked by a host in whose environment an agent is.
void asks_with_an_agent(const std::string &request, const char *how = "--login-and-look") {
  const PrivateBus bus;
  ScriptedDaemon daemon({begins("user=alice service=passkey-test" + request), next("", "granted")});
  CHECK(login_with(std::string("SSH_AUTH_SOCK=") + Greeter::kPath, how) == PAM_SUCCESS);
  daemon.must_be_done();
}

void a_connection_to_the_persons_agent_goes_along_and_nothing_stays_changed() {
  const Greeter agent;
  asks_with_an_agent(" agent=hello");
}

/// The host says who runs it, as sudo does; opened with that person's ids, which are the host's again
/// afterwards.
void the_agent_of_whom_the_host_names_goes_along_and_nothing_stays_changed() {
  if (!can_change_user()) throw Skipped("there is one user here");
  const Greeter agent(kDaemonUid);
  asks_with_an_agent(" agent=hello", "--login-and-look passkeyd");
}

void a_socket_where_somebody_else_listens_does_not_go_along() {
  if (!can_change_user()) throw Skipped("there is one user here");
  const Greeter agent(64991);
  asks_with_an_agent("");
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  module_path = argv[1];
  recorder_path = argc > 2 ? argv[2] : "";
  if (recorder_path == "--login") {
    std::printf("%d\n", authenticate().code);
    return 0;
  }
  if (recorder_path == "--login-and-look") {
    const std::set<std::string> files = open_files();
    const int code = authenticate({.ruser = argc > 3 ? argv[3] : ""}).code;
    const bool unchanged = open_files() == files &&
                           setfsuid(static_cast<uid_t>(-1)) == static_cast<int>(geteuid()) &&
                           setfsgid(static_cast<gid_t>(-1)) == static_cast<int>(getegid());
    std::printf("%d\n", unchanged ? code : -1);
    return 0;
  }
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(the_module_shows_the_world_six_functions_and_no_more),
      TEST(the_module_stays_mapped_when_its_host_closes_it),
      TEST(the_module_cannot_call_what_a_guest_must_not),
      TEST(the_module_keeps_no_state_of_its_own),
      TEST(a_program_started_during_or_after_a_login_inherits_nothing),
      TEST(the_hosts_signals_are_left_as_they_were),
      TEST(the_module_speaks_the_hosts_language_and_leaves_it_alone),
      TEST(a_hostile_environment_does_not_keep_anybody_out),
      TEST(a_hostile_environment_lets_nobody_in),
      TEST(the_module_touches_no_file_that_a_user_controls),
      TEST(a_connection_to_the_persons_agent_goes_along_and_nothing_stays_changed),
      TEST(the_agent_of_whom_the_host_names_goes_along_and_nothing_stays_changed),
      TEST(a_socket_where_somebody_else_listens_does_not_go_along),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
