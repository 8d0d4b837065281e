/// Listing and removing guest keys.
#pragma once

#include "daemon/admission.h"

namespace passkeyd {

/// ListGuestKeys(s user).
Task<Status> list_guest_keys(House &house, Call call);
/// RemoveGuestKey(s user, s id). The machine that the key opens does not hear of it.
Task<Status> remove_guest_key(House &house, Call call);

}  // namespace passkeyd
