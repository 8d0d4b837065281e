/// Namespaces and the private bus.
#include "tests/private_machine.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace passkeyd::test {
namespace {

void need(bool done, const char *what) {
  if (done) return;
  std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
  std::exit(99);  // what meson calls a hard error: a test that cannot run has not passed
}

void unshare_as_user() {
  const std::string uid = std::to_string(geteuid());
  const std::string gid = std::to_string(getegid());
  need(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0, "unshare");
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + uid + " 1");
  write_file("/proc/self/gid_map", "0 " + gid + " 1");
}

/// The system's accounts, and the daemon's user among them.
std::string passwd_with_daemon() {
  std::ifstream original("/etc/passwd");
  std::string text;
  for (std::string line; std::getline(original, line);)
    if (!line.starts_with("passkeyd:")) text += line + "\n";
  const std::string uid = std::to_string(kDaemonUid);
  return text + "passkeyd:x:" + uid + ":" + uid + "::/:/usr/sbin/nologin\n";
}

}  // namespace

void write_file(const std::string &path, const std::string &text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
}

void enter_private_machine() {
  if (geteuid() == 0)
    need(unshare(CLONE_NEWNS) == 0, "unshare");
  else
    unshare_as_user();
  need(mount("none", "/", "none", MS_REC | MS_PRIVATE, nullptr) == 0, "make mounts private");
  need(mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") == 0, "mount /run");
  need(mkdir("/run/dbus", 0755) == 0 && mkdir(kScratch, 0755) == 0, "mkdir");
  const std::string passwd = std::string(kScratch) + "/passwd";
  write_file(passwd, passwd_with_daemon());
  need(mount(passwd.c_str(), "/etc/passwd", "none", MS_BIND, nullptr) == 0, "bind /etc/passwd");
}

bool can_change_user() {
  std::ifstream map("/proc/self/uid_map");
  unsigned long inside = 0;
  unsigned long outside = 0;
  unsigned long count = 0;
  map >> inside >> outside >> count;
  return geteuid() == 0 && count > 65535;
}

PrivateBus::PrivateBus(std::string socket, const std::string &services) : socket_(std::move(socket)) {
  const std::string config = socket_ + ".conf";
  const std::string service_dir = services.empty() ? "" : "<servicedir>" + services + "</servicedir>";
  write_file(config, "<busconfig><listen>unix:path=" + socket_ + "</listen><auth>EXTERNAL</auth>" +
                         service_dir +
                         "<policy context='default'><allow user='*'/><allow own='*'/><allow "
                         "send_destination='*' eavesdrop='true'/>"
                         "<allow eavesdrop='true'/></policy></busconfig>");
  int ready[2];
  need(pipe2(ready, O_CLOEXEC) == 0, "pipe");
  pid_ = fork();
  need(pid_ >= 0, "fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ready[1], 3);  // clears CLOEXEC
    const std::string option = "--config-file=" + config;
    execlp("dbus-daemon", "dbus-daemon", option.c_str(), "--nofork", "--nopidfile", "--nosyslog",
           "--print-address=3", nullptr);
    std::perror("dbus-daemon");
    _exit(127);
  }
  close(ready[1]);
  char address[512];
  const bool up = read(ready[0], address, sizeof address) > 0;  // printed when it listens
  close(ready[0]);
  if (!up) throw std::runtime_error("dbus-daemon did not start");
}

PrivateBus::~PrivateBus() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  unlink(socket_.c_str());
}

}  // namespace passkeyd::test
