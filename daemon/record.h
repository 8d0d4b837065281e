/// Record: what is written down about a login that no decision of the ledger's has written down already: a
/// line in the log, and one in the audit.
#pragma once

#include <string_view>

#include "daemon/house.h"
#include "daemon/login_case.h"
#include "ledger/audit.h"

namespace passkeyd {

/// One line in the log for one attempt, beside the audit.
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

}  // namespace passkeyd
