/// Janitor: removes a directory when this process ends, however it ends.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "common/handle.h"

namespace passkeyd::mockusb {

class Janitor {
 public:
  /// Starts a process that waits for ours to be gone (or for this object to be), then removes `directory`.
  explicit Janitor(const std::filesystem::path &directory);
  ~Janitor();
  Janitor(const Janitor &) = delete;
  Janitor &operator=(const Janitor &) = delete;

 private:
  Fd alive_;  // the pipe's writing end: closed by whatever ends us
  pid_t child_ = -1;
};

}  // namespace passkeyd::mockusb
