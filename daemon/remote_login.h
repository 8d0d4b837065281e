/// Remote login: the story of a sign-in behind which there may be a passkey-askpass, the same for every name
/// that a stranger may give.
#pragma once

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/policy.h"
#include "daemon/task.h"

namespace passkeyd {

/// Tells the whole story to `face`. The person is taken to be elsewhere.
Task<void> tell_remote_login(House &house, Face &face, LoginRequest request);

}  // namespace passkeyd
