/// Writing log lines.
#include "common/log.h"

#include <unistd.h>

#include "common/account.h"

namespace passkeyd {

void log_line(LogLevel level, std::string_view text) {
  std::string line = "<" + std::to_string(static_cast<int>(level)) + ">";
  line += text;
  line += '\n';
  // One write, so that lines of several processes do not mix. Nobody can be told if it fails.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

std::string log_safe(std::string_view text) {
  std::string cut(text.substr(0, 200));
  while (!cut.empty() && !is_utf8(cut) && text.size() > cut.size()) cut.pop_back();
  return is_printable(cut) ? cut : "(unprintable)";
}

}  // namespace passkeyd
