/// Writing past stdio.
#include "cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace passkeyd::cli {

Output::Output() {
  std::fflush(stdout);
}

Output::~Output() {
  flush();
}

void Output::put(std::string_view text) {
  while (!text.empty()) {
    if (size_ == waiting_.size()) flush();
    const std::size_t fits = std::min(text.size(), waiting_.size() - size_);
    std::copy_n(text.begin(), fits, waiting_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += fits;
    text.remove_prefix(fits);
  }
}

void Output::flush() {
  std::string_view left(waiting_.data(), size_);
  while (!left.empty() && problem_ == 0) {
    const ssize_t written = write(STDOUT_FILENO, left.data(), left.size());
    if (written < 0 && errno != EINTR) problem_ = errno;
    if (written > 0) left.remove_prefix(static_cast<std::size_t>(written));
  }
  explicit_bzero(waiting_.data(), waiting_.size());
  size_ = 0;
}

Status Output::finish() {
  flush();
  if (problem_ != 0) return errno_error("write to standard output", problem_);
  return Ok{};
}

bool Output::is_terminal() {
  return isatty(STDOUT_FILENO) != 0;
}

std::size_t Output::columns() {
  winsize window = {};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 ? window.ws_col : 0;
}

}  // namespace passkeyd::cli
