/// What the module reads from and leaves in a PAM handle: items, and its own memory of a login.
#pragma once

#include <security/pam_modules.h>

#include <optional>
#include <string>

#include "client/bus.h"
#include "client/dialogue.h"
#include "common/account.h"
#include "pam/options.h"
#include "pam/pam_conversation.h"

namespace passkeyd {

/// A text item, or "" where nobody set one.
std::string item_of(pam_handle_t *pamh, int item);

/// PAM_AUTHTOK, or nullptr; libpam's own, valid until it is set anew.
const char *password_of(pam_handle_t *pamh);

/// Whether the host may be asked for a name that nobody has given.
enum class AskName { No, Yes };

/// Whom the host or an earlier module named; asks for the name if `ask` allows. A name that UserName refuses
/// is an error and not an account without passkeys: a host that trims or folds names would otherwise let
/// "name " past the key of "name". An account that does not exist is the daemon's to answer ("not enrolled"):
/// asking here would only ask NSS twice. nullopt: nobody is named, and it was not to be asked.
Result<std::optional<UserName>> user_of(pam_handle_t *pamh, AskName ask);

/// What is shown, by the options and by PAM_SILENT among `flags`.
Loudness loudness_of(const Options &options, int flags);

/// What pam_sm_acct_mgmt must know of the pam_sm_authenticate before it. nullopt: there was none.
struct Memory {
  std::string granted_user;  ///< whom the daemon let in; empty: nobody
};
std::optional<Memory> recall(pam_handle_t *pamh);
/// False: it could not be kept.
[[nodiscard]] bool remember(pam_handle_t *pamh, Memory memory);

/// Runs one dialogue on a connection that lives only here: when it closes, whatever the daemon still had
/// under way for us is cancelled.
template <class Run>
Outcome on_the_bus(Patience patience, Run run) {
  Result<Bus> bus = Bus::open(patience);
  if (bus) return run(bus.value(), patience);
  return {Ending::Unavailable, Details{std::string(name_of(bus.error().kind))}, bus.error().sentence};
}

}  // namespace passkeyd
