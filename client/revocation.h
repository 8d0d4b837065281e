/// Revocation: the calls that take passkeys away for good, and the one that opens a suspended passkey again.
/// Each takes effect at once, also for a sign-in that waits for a touch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/bus.h"
#include "client/records.h"
#include "common/account.h"

namespace passkeyd {

/// One passkey of an account, by its short id or name, and why.
struct CredentialOrder {
  UserName user;
  std::string id;
  std::string reason = {};  ///< empty: none is given
};

/// Errors: as Bus::call_manager; NotFound or InvalidInput for one that is not there, or is revoked already.
/// The daemon may first ask the person to authenticate, here as below.
Status revoke_credential(Bus &bus, const CredentialOrder &order, Patience &patience);

/// Revokes all that the account has and returns how many. Errors: as Bus::call_manager.
Result<std::uint32_t> revoke_all(Bus &bus, const UserName &user, const std::string &reason,
                                 Patience &patience);

/// Which passkeys a recall is about, whoever's they are. At least one of the two must be there.
struct Recall {
  std::optional<std::string> model = {};             ///< an AAGUID
  std::optional<std::int64_t> enrolled_before = {};  ///< seconds since 1970
  std::string reason = {};                           ///< empty: none is given
};

/// Those that it would revoke; changes nothing. Errors: as Bus::call_manager; Malformed.
Result<CredentialList> matching(Bus &bus, const Recall &recall, Patience &patience);
/// Revokes them, all at once, and returns them. Errors as above.
Result<CredentialList> revoke_matching(Bus &bus, const Recall &recall, Patience &patience);

/// Opens a suspended passkey again. Errors: as Bus::call_manager.
Status resume_credential(Bus &bus, const CredentialOrder &order, Patience &patience);

}  // namespace passkeyd
