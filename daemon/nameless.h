/// Nameless: the story of a sign-in where nobody says who they are: the key finds the account. The account is
/// that of the credential whose answer was verified, never what the key merely says.
#pragma once

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/policy.h"
#include "daemon/task.h"

namespace passkeyd {

/// Tells the whole story to `face`; every path ends in face.finish() or face.refuse(). Granted carries the
/// account's name. PIN tries are not counted by account, since there is none yet: the key's own count is read
/// before each.
Task<void> tell_nameless_login(House &house, Face &face, LoginRequest request);

}  // namespace passkeyd
