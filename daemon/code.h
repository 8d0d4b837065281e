/// Backup codes: the rung of the ladder where one is asked for. The code travels unread through the daemon; a
/// ceremony process hashes it, and the ledger decides.
#pragma once

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/login_case.h"
#include "daemon/task.h"

namespace passkeyd {

/// Asks for a code, a few times. The last word is Granted and says so; Errors: Cancelled when the person
/// stepped down, CodeWrong or CodeInvalid for the last of the tries, Limited, or a fault. `refused` is set if
/// a code before the last one was wrong, which was told.
Task<Result<Say>> prove_by_code(House &house, Face &face, const LoginCase &login, bool &refused);

/// Asks for a code once, in front of somebody who must not learn whether the account has any, or is there at
/// all, or has to wait: whatever is typed costs one hash, and Limited, CodeWrong and CodeInvalid are not to
/// be told apart by what they are told. Errors: Cancelled when the person stepped down; those; or a fault.
Task<Result<Say>> prove_by_code_unseen(House &house, Face &face, const LoginCase &login);

struct NewCodes {
  Fd text;  ///< a sealed memory file for the person alone, a code a line
  std::size_t count = 0;
};

/// Makes a set of codes for the account and puts it in place of the old one. Errors: a fault; then the old
/// one holds.
Task<Result<NewCodes>> make_codes(House &house, const Account &owner, const Actor &by);

}  // namespace passkeyd
