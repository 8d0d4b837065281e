/// Revocation: taking passkeys away, at once: a sign-in that waits for a touch is decided against what is
/// stored when the touch comes. Each function answers one method of the Manager; docs/dbus.md says what it
/// takes and gives.
#pragma once

#include "daemon/admission.h"

namespace passkeyd {

Task<Status> revoke_credential(House &house, Call call);
Task<Status> revoke_all(House &house, Call call);
/// Everybody's that a recall names.
Task<Status> revoke_matching(House &house, Call call);

}  // namespace passkeyd
