/// Log lines for daemons: one line on standard error with a priority prefix, which the journal understands.
/// See sd-daemon(3). Never a secret, never raw text from outside: log_safe() first.
#pragma once

#include <string>
#include <string_view>

namespace passkeyd {

enum class LogLevel { Error = 3, Warning = 4, Notice = 5, Info = 6, Debug = 7 };

void log_line(LogLevel level, std::string_view text);

/// The text as one printable line of at most 200 bytes: what is not printable becomes "(unprintable)".
std::string log_safe(std::string_view text);

}  // namespace passkeyd
