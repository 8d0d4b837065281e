/// A trial: a whole login, except that nobody is let in anywhere. For the verb test, and for a new passkey.
#pragma once

#include <string>

#include "client/bus.h"
#include "client/dialogue.h"
#include "common/account.h"

namespace passkeyd::cli {

/// `credential`: the short id of the only passkey that will do; empty: any of the account.
Outcome run_trial(Bus &bus, const UserName &user, const std::string &credential, Conversation &conversation,
                  Patience &patience);

}  // namespace passkeyd::cli
