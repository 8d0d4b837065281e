/// Record: what is written down about a login or an enrollment that no transaction of the ledger's has
/// written down already. What is in the audit is told to the log from there (daemon/journal.h).
#pragma once

#include <string_view>

#include "daemon/caller.h"
#include "daemon/house.h"
#include "daemon/login_case.h"
#include "ledger/audit.h"

namespace passkeyd {

/// One line in the log for an attempt that is not worth a record.
void log_outcome(const LoginRequest &request, const Account &account, std::string_view outcome,
                 std::string_view reason);

/// True for what the person did wrong, or declined: a refusal. Everything else is nobody's failure.
bool is_denial(ErrorKind kind);

/// Records an ending without a decision of the ledger's. An audit that cannot be written changes nothing
/// about it.
void note(House &house, const LoginRequest &request, const Account &account, const char *outcome,
          std::string_view reason, const char *event = event::kLogin);

/// The same where it is not known whose login it was to be.
void note_nobody(House &house, const LoginRequest &request, const Error &why);
/// The same for a way that gave no proof.
void note_failure(House &house, const LoginCase &login, const Error &why, const char *event = event::kLogin);
/// The ledger could not decide, which is no grant: there is no record of it, only a line in the log.
void note_undecided(const LoginCase &login, const Error &why);
/// As note_failure, for an enrollment. `account`: nullopt where the name that was given is nobody's; it is
/// not written down, for anything may have been typed there.
void note_enrollment_failure(House &house, const std::optional<Account> &account, const Caller &caller,
                             const Error &why);

}  // namespace passkeyd
