/// Guest keys: the platform passkey of the computer in front of a person, for machines elsewhere. People may
/// not open the TPM themselves, so this daemon makes the key and has it sign, for whoever sits here and for
/// nobody else's account. What it signs can serve no sign-in to this machine: its keys are in none of the
/// ledger's credentials, and an assertion's origin is always "ssh://...", which only a server's end of
/// passkey-askpass takes. So a relying party ID may well be this machine's own, as it is where a fleet shares
/// one.
#pragma once

#include "daemon/face.h"
#include "daemon/guest_request.h"
#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// Asks for a new PIN, twice, and has the TPM make a key. The last step carries what is to be pasted on the
/// machine there. Every path ends in face.finish() or face.refuse().
Task<void> tell_guest_enrollment(House &house, Face &face, GuestEnrollment request);

/// Asks for the PIN and has the TPM sign. A wrong one is a failed try of the account's at the TPM, as at a
/// sign-in: there is but one TPM to lock. The last step carries the assertion.
Task<void> tell_guest_assertion(House &house, Face &face, GuestAssertion request);

}  // namespace passkeyd
