/// GuestKey: a key pair that this machine's TPM holds for an account elsewhere. It opens nothing here: it is
/// in a table of its own, and no sign-in to this machine ever looks there.
#pragma once

#include <cstdint>
#include <string>

#include "webauthn/credential.h"

namespace passkeyd {

struct GuestKey {
  static constexpr std::size_t kMaxAccount = 255;  ///< bytes
  static constexpr std::int64_t kMaxOfOwner = 64;

  std::int64_t row = 0;  ///< the ledger's number for it; 0 before it is stored
  Credential
      credential;  ///< id, key, platform; `rp_id` is that of the machine it opens, `owner` whose it is here
  std::string account;  ///< whom it opens there; printable
};

}  // namespace passkeyd
