/// Program: another program, run to its end and never longer than it may take. It has no shell, its path is a
/// constant of ours, and when we end it ends.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/handle.h"
#include "common/result.h"

namespace passkeyd::cli {

/// Whom a program talks with.
enum class Talk {
  Nobody,    ///< it reads `input`, and what it says is kept
  Person,    ///< it has our standard input and terminal; what it says goes on to standard error, and is kept
  Standard,  ///< the same, but for its questions it has standard input only and no terminal
};

struct Program {
  std::string path;
  std::vector<std::string> arguments;  ///< without its own name
  Talk talk = Talk::Nobody;
  std::string input = {};
  std::chrono::milliseconds most{30'000};
  /// With a person: what it says is kept back from a piece on that has this in it. Empty: nothing is.
  std::string unsaid = {};
};

struct Finished {
  int status = -1;   ///< exit status; 128 and more: by a signal
  std::string said;  ///< on both streams, the first kMostSaid bytes of it
  static constexpr std::size_t kMostSaid = 256UL * 1024;
};

/// Errors: NotFound (no such program), Timeout (it was killed), Io.
Result<Finished> run_program(const Program &program);

}  // namespace passkeyd::cli
