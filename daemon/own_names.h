/// Own names: what this machine calls itself, and so what SSH clients may know it by where the administrator
/// lists no names of their own (accepted_names).
#pragma once

#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// The host name and the relying party ID at once, and the full name once a ceremony process has it: the
/// resolver may ask a network. It is waited for only so long, and is not there if it does not come. To be
/// told again after every reload.
Task<void> find_own_names(House &house);

}  // namespace passkeyd
