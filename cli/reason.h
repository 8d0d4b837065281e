/// --reason TEXT: why an administrator does it.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace passkeyd::cli {

/// Adds --reason, checked when it is parsed; `reason` must live as long as `command`.
void add_reason_option(CLI::App &command, std::string &reason);

}  // namespace passkeyd::cli
