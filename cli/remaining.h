/// What ways in are left once passkeys are gone, in words, before somebody decides.
#pragma once

#include <string>

#include "client/account_check.h"
#include "client/records.h"
#include "common/account.h"
#include "common/result.h"

namespace passkeyd::cli {

/// Lines, each with a newline: whether those were the last that work, and what is left. `rest`: the account's
/// passkeys without those that go.
std::string ways_left(const UserName &user, const std::vector<CredentialRecord> &rest,
                      const Result<AccountState> &state);

}  // namespace passkeyd::cli
