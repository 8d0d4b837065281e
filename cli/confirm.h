/// Confirm: a person says yes before something happens that cannot be undone.
#pragma once

#include <string>

#include "cli/exit_code.h"

namespace passkeyd::cli {

/// Did the command line say yes already (--yes)?
enum class Asked { Yet, Already };

/// Shows `about` and asks `question` on the terminal; no is the default, and what end of input and Ctrl-C
/// mean, after which it is said that nothing was changed. Ok: go on. Usage: there is no terminal, and --yes
/// was not given.
ExitCode confirm(const std::string &about, const std::string &question, Asked asked);

}  // namespace passkeyd::cli
