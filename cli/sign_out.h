/// --end-sessions: after somebody was kept out, ending what they are in already.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "cli/exit_code.h"
#include "client/bus.h"
#include "client/records.h"
#include "common/account.h"

namespace CLI {
class App;
}

namespace passkeyd::cli {

/// Adds --end-sessions; `wanted` must live as long as `command`.
void add_sign_out_option(CLI::App &command, bool &wanted);

/// Uids that an account had.
using Numbers = std::set<std::int64_t>;

/// Those of the people who enrolled `records`.
Numbers numbers_of(const std::vector<CredentialRecord> &records);

/// Ends the sessions of `user` and has sudo forget them, as far as that can be done, and says what came of
/// it. Never undoes what went before. SessionsGoOn if not all could be done.
/// `enrolled`: whose passkeys were taken away. Where none of those has the name now, it was handed on, and
/// the new owner stays signed in. Empty: whoever has the name now is meant.
ExitCode sign_out(Bus &bus, const UserName &user, Patience &patience, const Numbers &enrolled = {});

}  // namespace passkeyd::cli
