/// Starting pkttyagent(1), being told when it is ready, and ending it.
#include "cli/agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace passkeyd::cli {
namespace {

constexpr const char *kProgram = "/usr/bin/pkttyagent";
constexpr int kNotify = 3;            ///< the descriptor that it closes when it is registered
constexpr int kRegistration = 5'000;  ///< milliseconds; polkit may have to be started first
constexpr int kFarewell = 1'000;      ///< milliseconds that it has for putting the terminal right

/// "PID,STARTTIME" of this process: a number alone could be somebody else's by the time it is read. Empty:
/// not to be had. See proc(5): the 22nd field of stat, the second of which is in parentheses and may hold
/// anything.
std::string this_process() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_ends = line.rfind(") ");
  if (name_ends == std::string::npos) return {};
  std::istringstream fields(line.substr(name_ends + 2));
  std::string field;
  for (int number = 3; number <= 22; ++number)
    if (!(fields >> field)) return {};
  return std::to_string(getpid()) + "," + field;
}

/// As polkit looks for it: the session of this process, or else the user's graphical one.
bool has_session() {
  char *name = nullptr;
  const bool found = sd_pid_get_session(0, &name) >= 0 || sd_uid_get_display(getuid(), &name) >= 0;
  std::free(name);
  return found;
}

/// In the child: nothing but system calls from here on. It speaks on the terminal itself; what it complains
/// about on its other streams is told by the refusal that follows.
[[noreturn]] void become_agent(const char *const *arguments, int notify, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);
  const int null = open("/dev/null", O_RDWR);
  if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) _exit(1);
  // dup2 onto itself would leave close-on-exec as it is.
  const int ready = notify == kNotify ? fcntl(notify, F_SETFD, 0) : dup2(notify, kNotify);
  if (ready < 0) _exit(1);
  if (null > kNotify) close(null);
  execv(kProgram, const_cast<char *const *>(arguments));
  _exit(127);
}

void wait_for(int file, int milliseconds) {
  pollfd waiting = {file, POLLIN, 0};
  while (poll(&waiting, 1, milliseconds) < 0 && errno == EINTR) {
  }
}

}  // namespace

Agent::Agent() {
  if (getuid() == 0 || isatty(STDIN_FILENO) == 0 || access(kProgram, X_OK) != 0) return;
  terminal_.reset(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios modes = {};
  const std::string subject = this_process();
  int ends[2];
  if (!terminal_ || subject.empty() || pipe2(ends, O_CLOEXEC) != 0) return;
  const Fd ready(ends[0]);
  Fd notify(ends[1]);
  if (tcgetattr(terminal_.get(), &modes) == 0) before_ = modes;
  // --fallback: a desktop that has an agent of its own goes on asking there. Polkit passes such an agent over
  // where there is no session.
  const char *const fallback = has_session() ? "--fallback" : nullptr;
  const char *const arguments[] = {kProgram, "--process", subject.c_str(), "--notify-fd",
                                   "3",      fallback,    nullptr};
  static_assert(kNotify == 3);
  const pid_t parent = getpid();
  std::fflush(nullptr);
  pid_ = fork();
  if (pid_ == 0) become_agent(arguments, notify.get(), parent);
  if (pid_ < 0) return;
  process_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));  // glibc 2.36 lacks it for C++
  notify.reset();
  wait_for(ready.get(), kRegistration);  // it was closed: registered, or it failed and is gone
}

Agent::~Agent() {
  if (pid_ < 0) return;
  kill(pid_, SIGTERM);  // ours, and not reaped: the number is still its own
  if (process_) wait_for(process_.get(), kFarewell);
  kill(pid_, SIGKILL);  // of no effect if it ended
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  mend_terminal();
}

/// It does so itself unless it had to be killed. From the background the kernel would stop us for it.
void Agent::mend_terminal() {
  termios now = {};
  if (!before_ || tcgetattr(terminal_.get(), &now) != 0 || now.c_lflag == before_->c_lflag) return;
  if (tcgetpgrp(terminal_.get()) == getpgrp()) tcsetattr(terminal_.get(), TCSADRAIN, &*before_);
}

}  // namespace passkeyd::cli
