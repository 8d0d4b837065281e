/// Agent: polkit's questions on this terminal. Without a desktop nobody else would ask them, and what polkit
/// cannot ask about it refuses.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <optional>

#include "common/handle.h"

namespace passkeyd::cli {

class Agent {
 public:
  /// Starts pkttyagent(1) for this process and waits until it is registered, a few seconds at most. Does
  /// nothing where nobody could be asked (standard input is no terminal, or there is none to control us), for
  /// root, whom polkit is not asked about, and where polkit is not installed.
  Agent();
  /// Ends it and leaves the terminal as it was.
  ~Agent();
  Agent(const Agent &) = delete;
  Agent &operator=(const Agent &) = delete;

 private:
  void mend_terminal();

  pid_t pid_ = -1;  ///< of the agent, which nobody but us reaps; -1: there is none
  Fd process_;      ///< readable once it has ended
  Fd terminal_;
  std::optional<termios> before_;
};

}  // namespace passkeyd::cli
