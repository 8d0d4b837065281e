/// Listening for SIGINT through a signalfd, in this thread only.
#include "client/interruption.h"

#include <sys/signalfd.h>

namespace passkeyd {

Interruption::Interruption() {
  struct sigaction host = {};
  if (sigaction(SIGINT, nullptr, &host) != 0) return;
  const bool handled =
      (host.sa_flags & SA_SIGINFO) != 0 || (host.sa_handler != SIG_DFL && host.sa_handler != SIG_IGN);
  if (!handled) return;
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  Fd signals(signalfd(-1, &interrupt, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals || pthread_sigmask(SIG_BLOCK, &interrupt, &before_) != 0) return;
  signals_ = std::move(signals);
}

Interruption::~Interruption() {
  if (signals_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Interruption::take() {
  signalfd_siginfo about = {};
  return signals_ && read(signals_.get(), &about, sizeof about) == static_cast<ssize_t>(sizeof about);
}

}  // namespace passkeyd
