/// Sessions: signing somebody out of this computer, through logind, and out of sudo's memory. See
/// org.freedesktop.login1(5) and "timestampdir" in sudoers(5).
#pragma once

#include <sys/types.h>

#include <cstddef>

#include "client/bus.h"
#include "common/account.h"

namespace passkeyd {

/// What became of somebody's sessions.
struct SignedOut {
  std::size_t ended = 0;
  bool own_goes_on = false;  ///< one of them is the caller's own, and was left alone
};

/// Ends all sessions of `uid`, and with them all its programs, except the session that this process belongs
/// to: then only the others are ended, one by one. Logind may first ask the person to authenticate. Errors:
/// as Bus::call_system; Malformed. After an error some sessions may have ended.
Result<SignedOut> end_sessions(Bus &bus, uid_t uid, Patience &patience);

/// Has sudo forget that the account was let in a moment ago. Only root can. Removes `account`'s own record,
/// which some versions name after the number, and nothing else; that there is none is fine. Errors: Io, or
/// Untrusted for a folder that is not as sudo makes it.
Status forget_in_sudo(const Account &account);

}  // namespace passkeyd
