/// Complete: what can follow on a command line, for the shells' completions (cli/completions). All of it is
/// taken from the verbs themselves, so that it cannot be out of date.
#pragma once

#include <string>
#include <vector>

#include "cli/exit_code.h"

namespace CLI {
class App;
}

namespace passkeyd::cli {

/// How shells ask: passkeyctl __complete WORD..., the words after the program's name up to the one that is
/// being typed, which may be empty.
inline constexpr const char *kComplete = "__complete";

/// Prints a line for each way to complete the last of `words`: the word, a tab, and what it is. Asks the
/// daemon only for passkeys, and nobody for a password. Usage: there is nothing to offer.
ExitCode complete(const CLI::App &app, const std::vector<std::string> &words);

}  // namespace passkeyd::cli
