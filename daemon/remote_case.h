/// RemoteCase: a login behind which there may be a passkey-askpass, with all that the daemon found out about
/// it before anybody is asked for anything. Unlike a LoginCase there is one for every name, since a stranger
/// at the other end of the network must not see which of them mean something here.
#pragma once

#include <vector>

#include "daemon/house.h"
#include "daemon/login_case.h"
#include "daemon/task.h"

namespace passkeyd {

/// What there is to be won.
enum class Standing {
  Closed,       ///< nothing, whatever is answered: an administrator locked the account, or what is enrolled
                ///< cannot be read
  NotEnrolled,  ///< nothing: there is no such account, or it has neither passkey nor backup code
  Enrolled,     ///< it has a passkey or backup codes; whether one may be asked for here is another matter
};

struct RemoteCase {
  LoginCase login;  ///< its place is Remote; where not Enrolled, without credentials and codes
  Standing standing = Standing::Closed;
  bool exists = false;                  ///< there is such an account
  ErrorKind why = ErrorKind::Internal;  ///< beside Closed
  std::optional<PlannedWay> way;        ///< what a helper may be asked for; nullopt: nothing
  // What it is shown: of the way, or made up.
  std::vector<Bytes> ids;  ///< never empty
  UserVerification user_verification = UserVerification::Required;
};

/// Finds out who it is and what they have. Does the same for every name: one account look-up, and otherwise
/// the ledger. Errors: a fault, which is told to everybody alike.
Task<Result<RemoteCase>> open_remote_case(House &house, LoginRequest request);

}  // namespace passkeyd
