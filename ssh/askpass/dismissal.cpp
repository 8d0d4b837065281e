/// One poll in a thread of its own: the authenticator blocks the other.
#include "ssh/askpass/dismissal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <termios.h>

#include <cerrno>

namespace passkeyd::askpass {

Dismissal::Dismissal(std::function<void()> stop) : stop_(std::move(stop)) {
  sigset_t ending;
  sigemptyset(&ending);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&ending, number);
  pthread_sigmask(SIG_BLOCK, &ending, &before_);
  signals_.reset(signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
  end_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  Fd terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  // What was typed before the cue is no answer to it. In the background, reading would stop us.
  if (terminal && tcgetpgrp(terminal.get()) == getpgrp() && tcflush(terminal.get(), TCIFLUSH) == 0)
    terminal_ = std::move(terminal);
  watcher_ = std::thread([this] { watch(); });
}

Dismissal::~Dismissal() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(end_.get(), &one, sizeof one);
  watcher_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);  // a signal that came, and was not read, comes now
}

void Dismissal::watch() const {
  // Standard output: a pipe whose reader has gone says so without being asked.
  pollfd waiting[] = {{end_.get(), POLLIN, 0},
                      {signals_.get(), POLLIN, 0},
                      {terminal_.get(), POLLIN, 0},
                      {STDOUT_FILENO, 0, 0}};
  while (poll(waiting, std::size(waiting), -1) < 0)
    if (errno != EINTR) return;
  if (waiting[2].revents != 0) {
    char line[256];
    [[maybe_unused]] const ssize_t got = read(terminal_.get(), line, sizeof line);
  }
  if (waiting[0].revents == 0) stop_();
}

}  // namespace passkeyd::askpass
