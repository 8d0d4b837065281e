/// Login: the story of one sign-in, from the request to the verdict.
#pragma once

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/policy.h"
#include "daemon/task.h"

namespace passkeyd {

/// Tells the whole story to `face`; every path ends in face.finish() or face.refuse().
Task<void> tell_login(House &house, Face &face, LoginRequest request);

}  // namespace passkeyd
