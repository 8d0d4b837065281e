/// Lockout: the TPM's dictionary-attack state, and whether it leaves room for a try. The counter is shared by
/// everybody on this machine, disk encryption included; a right PIN does not set it back, only time does.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/result.h"

namespace passkeyd::tpm {

struct DictionaryAttackState {
  bool in_lockout = true;
  /// False (the factory state): root, or a live system, can reset the counter and guess without limit.
  bool lockout_auth_set = false;
  std::uint32_t counter = 0;         ///< wrong guesses counted now
  std::uint32_t max_tries = 0;       ///< lockout when the counter gets here
  std::chrono::seconds interval{0};  ///< the counter goes down by one each time this has passed
  std::chrono::seconds recovery{0};  ///< after a wrong lockout password: until the next try with it
};

/// Whether one PIN may be tried: not in lockout, and not within the reserve that is kept for others: a
/// quarter of the tries, at least two. Errors: TpmLockout, TpmNearLockout.
Status room_for_a_try(const DictionaryAttackState &state);

}  // namespace passkeyd::tpm
