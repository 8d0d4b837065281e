/// Passkeys: listing, renaming and resuming them, for their owners and for administrators. Each function
/// answers one method of the Manager; docs/dbus.md says what it takes and gives.
#pragma once

#include <string>

#include "daemon/admission.h"

namespace passkeyd {

Task<Status> list_credentials(House &house, Call call);
Task<Status> list_all_credentials(House &house, Call call);
Task<Status> rename_credential(House &house, Call call);
Task<Status> resume_credential(House &house, Call call);

/// What a call that changes one passkey is about.
struct Picked {
  Admitted admitted;
  Credential passkey;  ///< not revoked
  std::string with;    ///< its third argument
};

/// Reads a user, a passkey and what `read` reads, asks whether the caller may, and finds the passkey: by its
/// short id, or by its name if only one that is not revoked bears it, among what is the caller's business.
/// Errors: as the readers and admit(); NotFound; InvalidInput (several bear the name, or it is revoked).
Task<Result<Picked>> pick(House &house, const Call &call, Result<std::string> (*read)(sd_bus_message *));

}  // namespace passkeyd
