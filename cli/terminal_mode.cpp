/// See termios(3), signalfd(2).
#include "cli/terminal_mode.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace passkeyd::cli {

HeldSignals::HeldSignals() {
  sigemptyset(&held_);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) sigaddset(&held_, number);
  sigprocmask(SIG_BLOCK, &held_, &before_);
  file_.reset(signalfd(-1, &held_, SFD_CLOEXEC | SFD_NONBLOCK));
}

HeldSignals::~HeldSignals() {
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

void HeldSignals::deliver() {
  signalfd_siginfo came = {};
  if (read(file_.get(), &came, sizeof came) != sizeof came) return;
  raise(static_cast<int>(came.ssi_signo));  // pending while blocked
  sigprocmask(SIG_SETMASK, &before_, nullptr);
  sigprocmask(SIG_BLOCK, &held_, nullptr);
}

ModesOff::ModesOff(int terminal, tcflag_t off, int when) : terminal_(terminal) {
  if (tcgetattr(terminal_, &before_) != 0) return;
  termios changed = before_;
  changed.c_lflag &= ~off;
  // A byte at a time, as soon as it is there; only looked at where lines are not the terminal's business.
  if ((off & ICANON) != 0) changed.c_cc[VMIN] = 1, changed.c_cc[VTIME] = 0;
  changed_ = tcsetattr(terminal_, when, &changed) == 0;
}

ModesOff::~ModesOff() {
  if (changed_) tcsetattr(terminal_, TCSANOW, &before_);
}

}  // namespace passkeyd::cli
