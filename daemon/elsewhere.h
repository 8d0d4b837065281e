/// Elsewhere: a passkey that is made on another computer, the one in front of the person. What to make goes
/// there as a text that is pasted into passkey-askpass --enroll, and what was made comes back as another
/// (ssh/relay.h).
#pragma once

#include <string>
#include <vector>

#include "daemon/making.h"

namespace passkeyd {

/// Shows what to make for `account` and reads what was made; an answer that cannot be one may be pasted
/// again. `others`: what the account has. `device` becomes what people call the authenticator. The answer is
/// believed in nothing but for whether it is of a security key: one of these will do at this machine, too,
/// when it is plugged in here. Errors: Cancelled (nothing was pasted), InvalidInput (no answer of
/// passkey-askpass).
Task<Result<Made>> make_elsewhere(House &house, Face &face, Account account, std::vector<Credential> others,
                                  std::string &device);

}  // namespace passkeyd
