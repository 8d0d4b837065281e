/// People: everybody who has or had a passkey here, codes or a lock, for who looks after them all.
#pragma once

#include "daemon/admission.h"

namespace passkeyd {

/// An account as the ledger has it, and what the system says of its name now.
struct Person {
  AccountSummary summary;
  std::optional<uid_t> uid_now = {};  ///< nullopt: nobody has that name, or nobody could say
  bool unknown = false;               ///< nobody could say
  std::uint32_t recalled = 0;         ///< active passkeys of models that FIDO Metadata warns of
};

/// Answers GetPeople.
Task<Status> get_people(House &house, Call call);

}  // namespace passkeyd
