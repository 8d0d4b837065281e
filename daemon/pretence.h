/// Pretence: what a stranger at the other end of the network is shown for an account that has no passkey to
/// ask for, or that there is not, so that they cannot tell it from one that has: ids of credentials that
/// nobody ever made.
#pragma once

#include <vector>

#include "common/account.h"
#include "common/bytes.h"
#include "common/result.h"
#include "common/secret.h"
#include "ledger/ledger.h"

namespace passkeyd {

/// What the made-up ids are made from: random, made once and kept in the ledger, which only the daemon reads.
/// Errors: a fault of the ledger's.
Result<Secret> pretence_secret(Ledger &ledger);

/// One or two ids of lengths that security keys have. Always the same ones for a name, since those of a real
/// passkey stay the same, too; and nobody without the secret can tell that they mean nothing. Errors:
/// Internal.
Result<std::vector<Bytes>> made_up_ids(const Secret &secret, const UserName &user);

}  // namespace passkeyd
