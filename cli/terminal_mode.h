/// A terminal that is not as it was: other modes, held signals; both are undone however it ends.
#pragma once

#include <signal.h>
#include <termios.h>

#include "common/handle.h"

namespace passkeyd::cli {

/// While it lives, the signals that people and shells send are read from a file instead of acting.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals &) = delete;
  HeldSignals &operator=(const HeldSignals &) = delete;

  [[nodiscard]] int file() const { return file_.get(); }

  /// Lets the signal that came do its work now. Returns if that was to be ignored, or to stop and go on.
  void deliver();

 private:
  sigset_t held_ = {};
  sigset_t before_ = {};
  Fd file_;
};

/// While it lives, the local modes `off` (ECHO, ICANON, ...) are off. `when`: TCSAFLUSH throws away what was
/// typed before, TCSADRAIN keeps it. False: the terminal cannot do that.
class ModesOff {
 public:
  ModesOff(int terminal, tcflag_t off, int when);
  ~ModesOff();
  ModesOff(const ModesOff &) = delete;
  ModesOff &operator=(const ModesOff &) = delete;

  explicit operator bool() const { return changed_; }

 private:
  int terminal_;
  bool changed_ = false;
  termios before_ = {};
};

}  // namespace passkeyd::cli
