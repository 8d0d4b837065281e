/// Attempt and Decision: the last step of a login. judge() is the pure half; Ledger::decide is the
/// transaction around it.
#pragma once

#include <optional>
#include <string>

#include "common/account.h"
#include "ledger/audit.h"
#include "ledger/limit.h"
#include "ledger/lock.h"
#include "ledger/try.h"
#include "webauthn/credential.h"
#include "webauthn/verify.h"

namespace passkeyd {

/// What is to be decided: one answer of one authenticator, for one account.
struct Attempt {
  Account account;        ///< who wants in, as the system knows them now
  Credential credential;  ///< as the verifier had it
  Place place = Place::Remote;
  Actor caller;                       ///< the process that asked; `what` is the PAM service
  std::string rhost;                  ///< as the caller says
  std::optional<Ticket> ticket = {};  ///< the try this was, if it was counted
  /// Somebody signed in by this credential after this attempt's challenge was made: then a counter that went
  /// back may be an answer that was late, and is refused without a suspicion.
  bool overtaken = false;
};

struct Decision {
  Verdict verdict = Verdict::Denied;
  Refusal refusal = Refusal::Malformed;  ///< None beside Granted
  bool operator==(const Decision &) const = default;
};

/// Why a credential is suspended when its counter goes back.
inline constexpr const char *kPossibleClone = "possible clone";

/// The decision, from the credential (nullopt: not there, or it makes no sense) and the account's lock as
/// they are stored now. What happened to them since the challenge was made wins over a good signature.
/// CounterWentBack is said only of a credential that is otherwise fit, locked account or not, and is the
/// caller's cue to suspend it.
Decision judge(const std::optional<Credential> &stored, const std::optional<AccountLock> &lock,
               const Attempt &attempt, const Verification &verification);

/// The same where sshd has verified the answer itself, and does not say how far the counter is.
Decision judge_session(const std::optional<Credential> &stored, const std::optional<AccountLock> &lock,
                       const Attempt &attempt);

}  // namespace passkeyd
