/// The module's options: what stands behind pam_passkey.so in a PAM file. A typo must never weaken a login in
/// silence, so an option nobody knows, and a value out of range, is an error and not a shrug.
#pragma once

#include <chrono>

#include "common/result.h"

namespace passkeyd {

struct Options {
  bool debug = false;    ///< "debug": say more in the log
  bool quiet = false;    ///< "quiet": show nothing but questions, not even the touch cue
  bool nodelay = false;  ///< "nodelay": no delay after a failure
  /// "timeout=SECONDS": the longest the module waits for the daemon, all steps together, without the time
  /// that people take to answer questions. 1 to 300.
  std::chrono::seconds timeout{120};

  /// Errors: NotConfigured; the sentence names the option and is printable.
  static Result<Options> parse(int argc, const char **argv);
};

}  // namespace passkeyd
