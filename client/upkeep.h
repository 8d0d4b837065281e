/// Upkeep: what people do to a passkey they have, without a dialogue.
#pragma once

#include <string>

#include "client/bus.h"
#include "common/account.h"

namespace passkeyd {

/// The longest name of a passkey, in bytes, as the ledger stores it. An id is shorter.
inline constexpr std::size_t kMaxPasskeyName = 64;

/// Gives the passkey that `which` means (its id, or its name) the name `name`. Polkit may first ask the
/// person. Errors: as Bus::call_manager; NotFound, AlreadyExists (another has that name), InvalidInput.
Status rename_credential(Bus &bus, const UserName &user, const std::string &which, const std::string &name,
                         Patience &patience);

}  // namespace passkeyd
