/// The reserve, in numbers.
#include "tpm/lockout.h"

#include <algorithm>

namespace passkeyd::tpm {

Status room_for_a_try(const DictionaryAttackState &state) {
  if (state.in_lockout) return Error{ErrorKind::TpmLockout, "the TPM is in dictionary-attack lockout"};
  const std::uint32_t reserve = std::max<std::uint32_t>(2, state.max_tries / 4);
  const std::uint32_t usable = state.max_tries - std::min(reserve, state.max_tries);
  if (state.counter >= usable)
    return Error{ErrorKind::TpmNearLockout, "the TPM's dictionary-attack counter leaves no room for a try"};
  return Ok{};
}

}  // namespace passkeyd::tpm
