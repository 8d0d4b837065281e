/// passkeyctl run as scripts run it (no terminal, pipes) and as people do (on a terminal of its own).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/handle.h"

namespace passkeyd::test {

extern std::string program;   ///< passkeyctl, set by main()
extern std::string language;  ///< of the person, as LANGUAGE has it; empty: English

struct Ran {
  int status = -1;  ///< exit status, or 128 + signal
  std::string out;
  std::string err;
};

/// Runs it in a session without a terminal, `input` on standard input. What it writes fits a pipe. `out`: a
/// file that is its standard output instead.
Ran run(const std::vector<std::string> &arguments, const std::string &input = "", const char *out = nullptr);

bool says(const std::string &text, const char *part);

/// passkeyctl on a terminal of its own, of which we hold the other end.
class OnTerminal {
 public:
  /// `columns`: 0 for a terminal that does not know how wide it is.
  explicit OnTerminal(const std::vector<std::string> &arguments, unsigned short columns = 0);
  ~OnTerminal();
  OnTerminal(const OnTerminal &) = delete;
  OnTerminal &operator=(const OnTerminal &) = delete;

  /// Reads the screen until `text` is on it.
  void await(const char *text);
  void type(const std::string &keys);
  [[nodiscard]] bool echoes() const;
  /// Gives the exit status; the screen then holds everything.
  int end();

  std::string screen;

 private:
  /// False at the end; fails the test with `otherwise` if nothing comes for long.
  bool read_more(const std::string &otherwise);

  Fd master_;
  pid_t child_ = -1;
};

}  // namespace passkeyd::test
