/// The child holds a pipe's reading end and nothing else.
#include "tests/mockusb/janitor.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace passkeyd::mockusb {

Janitor::Janitor(const std::filesystem::path &directory) {
  const std::string path = directory;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  const Fd waits(ends[0]);
  alive_.reset(ends[1]);
  child_ = fork();
  if (child_ != 0) return;

  // Only system calls from here on: the parent may have threads. A terminal's Ctrl-C ends the parent, not
  // this.
  setsid();
  dup2(ends[0], 0);
  close_range(3, ~0U, 0);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  char *const no_environment[] = {nullptr};
  execle("/bin/rm", "rm", "-rf", "--", path.c_str(), nullptr, no_environment);
  _exit(1);
}

Janitor::~Janitor() {
  alive_.reset();
  if (child_ > 0) waitpid(child_, nullptr, 0);
}

}  // namespace passkeyd::mockusb
