/// Backup codes in the ledger: what is decided about one, and in what terms. The functions are Ledger's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "common/account.h"
#include "common/backup_code.h"
#include "ledger/audit.h"
#include "ledger/limit.h"
#include "ledger/try.h"
#include "webauthn/verify.h"

namespace passkeyd {

/// What is to be decided: one typed code, for one account.
struct CodeAttempt {
  Account account;
  Place place = Place::Remote;
  Actor caller;
  std::string rhost;
  std::optional<Ticket> ticket = {};
};

/// Longest hash that is kept, in bytes: crypt(5)'s own limit.
inline constexpr std::size_t kMaxCodeHash = 384;

struct CodeDecision {
  Verdict verdict = Verdict::Denied;
  Refusal refusal = Refusal::CodeWrong;  ///< None beside Granted
  std::size_t left = 0;                  ///< unspent codes after this
};

}  // namespace passkeyd
