/// The door for what callers ask: bus dictionaries in, checked values out.
#pragma once

#include "daemon/caller.h"
#include "daemon/enrollment.h"
#include "daemon/pin_change.h"
#include "daemon/policy.h"
#include "ledger/ledger.h"

namespace passkeyd {

/// A user's name (s). Errors: InvalidInput.
Result<UserName> read_user(sd_bus_message *call);

/// Keys: those of common/steps.h, request::; all texts. Where the person is, is not asked here. Errors:
/// InvalidInput.
Result<LoginRequest> read_login_request(sd_bus_message *call, const Caller &caller);

/// Keys: user (required), service, tty, rhost; all texts. Errors: InvalidInput.
Result<PinChangeRequest> read_pin_change_request(sd_bus_message *call, const Caller &caller);

/// Which passkey (s): a short id or a name. Errors: InvalidInput.
Result<std::string> read_id(sd_bus_message *call);
/// The file (h) that a call brings, which anybody may still write to. Errors: InvalidInput.
Result<Fd> read_file(sd_bus_message *call);
/// What a passkey is to be called (s). Errors: InvalidInput, with what is wrong with it.
Result<std::string> read_name(sd_bus_message *call);
/// Keys: reason (s), printable, at most option::kMaxReason bytes. Errors: InvalidInput.
Result<std::string> read_reason(sd_bus_message *call);

struct LockOptions {
  LockScope scope = LockScope::AllMethods;
  std::string reason;
};
/// Keys: reason (s), all-methods (b; without it only passkeys and codes are locked). Errors: InvalidInput.
Result<LockOptions> read_lock_options(sd_bus_message *call);

struct RevokeOrder {
  CredentialMatch which;
  std::string reason;
  bool dry_run = false;  ///< only tell which
};
/// Keys: authenticator (s), enrolled-before (x), reason (s), dry-run (b), and no others: one that is
/// overlooked would revoke more than was meant. Errors: InvalidInput, also if nothing says which.
Result<RevokeOrder> read_revoke_order(sd_bus_message *call);

/// Keys: user (required), way, device, name, ask-name, discoverable, elsewhere. Errors: InvalidInput.
Result<EnrollmentRequest> read_enrollment_request(sd_bus_message *call, const Caller &caller);

}  // namespace passkeyd
