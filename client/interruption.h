/// Interruption: Ctrl-C at a host that would only note it (sudo). While one of these lives, such a SIGINT
/// makes a file descriptor readable instead; no handler is installed and the host's own is back afterwards.
#pragma once

#include <signal.h>

#include "common/handle.h"

namespace passkeyd {

class Interruption {
 public:
  /// Does nothing where SIGINT ends the program or is ignored: then there is nothing to add.
  Interruption();
  ~Interruption();
  Interruption(const Interruption &) = delete;
  Interruption &operator=(const Interruption &) = delete;

  /// Readable once somebody pressed Ctrl-C; -1 where it is not listened for. See signalfd(2).
  [[nodiscard]] int fd() const { return signals_.get(); }

  /// True if it was pressed; takes it, so that the host does not hear of it as well.
  bool take();

 private:
  sigset_t before_ = {};
  Fd signals_;
};

}  // namespace passkeyd
