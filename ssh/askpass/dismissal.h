/// Dismissal: the ways in which a person takes back what an authenticator waits for: Enter on the terminal, a
/// signal, or ssh having gone away.
#pragma once

#include <signal.h>

#include <functional>
#include <thread>

#include "common/handle.h"

namespace passkeyd::askpass {

class Dismissal {
 public:
  /// `stop` is called at most once, from another thread, and must outlive this object. A signal that came
  /// does its own work once this object is gone.
  explicit Dismissal(std::function<void()> stop);
  ~Dismissal();
  Dismissal(const Dismissal &) = delete;
  Dismissal &operator=(const Dismissal &) = delete;

 private:
  void watch() const;

  const std::function<void()> stop_;
  sigset_t before_ = {};
  Fd signals_;
  Fd terminal_;  ///< empty: there is none, or it is not ours to read from now
  Fd end_;       ///< an eventfd: this object goes
  std::thread watcher_;
};

}  // namespace passkeyd::askpass
