/// Passkeys: listing, renaming and resuming them, for their owners and for administrators. Each function
/// answers one method of the Manager; docs/dbus.md says what it takes and gives.
#pragma once

#include <string_view>

#include "daemon/admission.h"

namespace passkeyd {

Task<Status> list_credentials(House &house, Call call);
Task<Status> list_all_credentials(House &house, Call call);
Task<Status> rename_credential(House &house, Call call);
Task<Status> resume_credential(House &house, Call call);

/// The passkey that is meant by `id`: its short id, or its name if only one that is not revoked bears it.
/// Looks only among what is the caller's business. Errors: NotFound, InvalidInput (several bear the name).
Result<Credential> pick(House &house, const Admitted &admitted, std::string_view id);

/// The same for one that is to be changed. Errors: also InvalidInput if it is revoked.
Result<Credential> pick_live(House &house, const Admitted &admitted, std::string_view id);

}  // namespace passkeyd
