/// Agent proof: a signature of one of the account's SSH keys, out of the person's own SSH agent. What the key
/// signs is a message that says, in plain words, what for; it names nothing that another machine, another
/// person or another moment would have too. The person may be anywhere.
#pragma once

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/login_case.h"
#include "daemon/proof.h"
#include "daemon/task.h"

namespace passkeyd {

/// Finds out which of the account's SSH keys the agent has, if there is an agent and the policy takes such
/// keys; the plan goes by that. An agent that does not answer has none. Tells the person nothing.
Task<void> meet_agent(House &house, LoginCase &login);

/// Asks the agent for a signature. Errors: AgentRefused, AgentBroken, Timeout, Malformed.
Task<Result<Proof>> prove_by_agent(House &house, Face &face, const LoginCase &login, const PlannedWay &way);

/// What is signed: lines of text. `random`: the challenge's.
std::string sign_in_message(const RpId &machine, const LoginRequest &request, const Account &account,
                            WallTime now, ByteView random);

}  // namespace passkeyd
