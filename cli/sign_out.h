/// --end-sessions: after somebody was kept out, ending what they are in already.
#pragma once

#include "cli/exit_code.h"
#include "client/bus.h"
#include "common/account.h"

namespace CLI {
class App;
}

namespace passkeyd::cli {

/// Adds --end-sessions; `wanted` must live as long as `command`.
void add_sign_out_option(CLI::App &command, bool &wanted);

/// Ends the sessions of `user` and has sudo forget them, as far as that can be done, and says what came of
/// it. Never undoes what went before. SessionsGoOn if not all could be done.
ExitCode sign_out(Bus &bus, const UserName &user, Patience &patience);

}  // namespace passkeyd::cli
