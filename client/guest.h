/// Guest keys: what this computer's TPM holds for accounts elsewhere. Making one and having one sign are
/// dialogues (client/dialogue.h); this is what can be done without one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/bus.h"
#include "common/account.h"

namespace passkeyd {

/// Texts are printable; times are seconds since 1970.
struct GuestKeyRecord {
  std::string id;                  ///< what people call it by
  std::string credential_id = {};  ///< whole, in base64url: what the machine there calls it by
  std::string rp_id = {};          ///< of that machine
  std::string account = {};        ///< the account there
  std::int64_t created = 0;
  std::optional<std::int64_t> last_used = {};  ///< nullopt: never
};

/// One call, and no process or device is asked: cheap enough to ask whether there is anything at all. Errors:
/// as Bus::call_manager; Malformed.
Result<std::vector<GuestKeyRecord>> list_guest_keys(Bus &bus, const UserName &user, Patience &patience);

/// Removes the one of that short id. Polkit may first ask the person. Errors: as Bus::call_manager; NotFound.
Status remove_guest_key(Bus &bus, const UserName &user, const std::string &id, Patience &patience);

}  // namespace passkeyd
