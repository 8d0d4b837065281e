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

struct MadeUp {
  std::vector<Bytes> ids;           ///< one or two, of lengths that security keys have
  bool enrolled_with_verification;  ///< as most are
};
/// Always the same for a name, since what belongs to a real passkey stays the same, too; and nobody without
/// the secret can tell that it means nothing. Errors: Internal.
Result<MadeUp> make_up(const Secret &secret, const UserName &user);

}  // namespace passkeyd
