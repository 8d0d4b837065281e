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

struct LoginCase {
  LoginRequest request;
  Account account;                      ///< as the system knows and spells it
  std::vector<Credential> credentials;  ///< all but the revoked ones
  std::size_t codes = 0;                ///< unspent backup codes
  Policy policy;                        ///< what held when the login began
};

/// Finds out who it is, where, and what they have. nullopt: the login ends here, and the face was told why
/// (not enrolled, locked, not the caller's business, or a fault).
Task<std::optional<LoginCase>> open_case(House &house, Face &face, LoginRequest request);

/// What is decided about, for the ledger.
Attempt attempt_of(const LoginCase &login, const Credential &credential, std::optional<Ticket> ticket);
CodeAttempt code_attempt_of(const LoginCase &login, std::optional<Ticket> ticket);
TryKey try_key_of(const LoginCase &login, Way way);

/// "Limited", with the time until the next try.
Error limited(std::chrono::seconds wait);
/// Limited if a try by this way would have to wait: said before a PIN or a code is typed in vain. Counts
/// nothing.
Status may_try(House &house, const LoginCase &login, Way way);

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
