/// LoginCase: one login with all that the daemon found out about it before anybody is asked for anything.
#pragma once

#include <optional>
#include <vector>

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/policy.h"
#include "daemon/task.h"
#include "ledger/ledger.h"

namespace passkeyd {

/// What a machine elsewhere wants signed by a guest key of this one.
struct GuestChallenge {
  RpId rp_id;
  Bytes challenge;
  std::string origin;
};

struct LoginCase {
  LoginRequest request;
  Account account;                               ///< as the system knows and spells it
  std::vector<Credential> credentials;           ///< all but the revoked ones
  std::size_t codes = 0;                         ///< unspent backup codes
  Policy policy;                                 ///< what held when the login began
  std::optional<GuestChallenge> for_guest = {};  ///< to be signed; nullopt: a fresh challenge of ours is
  const char *event = event::kLogin;             ///< what failed tries are on record as
};

/// Finds out who it is, where, and what they have. nullopt: the login ends here, and the face was told why
/// (not enrolled, locked, not the caller's business, or a fault).
Task<std::optional<LoginCase>> open_case(House &house, Face &face, LoginRequest request);

/// What the account has enrolled and not revoked, if it is for this caller to know: for others than root,
/// what carries their uid. Errors: a fault.
Result<Credentials> enrolled_for(House &house, const UserName &user, uid_t caller);
/// What is to be signed for it, now. Errors: Internal; InvalidInput for a challenge of another size.
Result<Challenge> challenge_for(House &house, const LoginCase &login, UserVerification user_verification);

/// What is decided about, for the ledger.
Attempt attempt_of(const LoginCase &login, const Credential &credential, std::optional<Ticket> ticket);
CodeAttempt code_attempt_of(const LoginCase &login, std::optional<Ticket> ticket);
TryKey try_key_of(const LoginCase &login, Way way);

/// "Limited", with the time until the next try.
Error limited(std::chrono::seconds wait);
/// Limited if a try by this way would have to wait: said before a PIN or a code is typed in vain. Counts
/// nothing.
Status may_try(House &house, const LoginCase &login, Way way);

}  // namespace passkeyd
