/// People: every account that has, or had, anything with the daemon, in numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/bus.h"

namespace passkeyd {

/// One account, as GetPeople gives it.
struct PersonRecord {
  std::string user;
  std::optional<std::int64_t> uid = {};      ///< at enrollment
  std::optional<std::int64_t> uid_now = {};  ///< nullopt: there is no such account, or nobody could say
  bool unknown = false;                      ///< nobody could say
  std::int64_t active = 0;                   ///< passkeys that open something
  std::int64_t suspended = 0;                ///< of a possible clone
  std::int64_t revoked = 0;
  std::int64_t without_verification = 0;  ///< a touch is enough for them
  std::int64_t recalled = 0;              ///< of models that FIDO Metadata warns of
  std::int64_t codes_left = 0;
  std::optional<std::int64_t> last_used = {};  ///< seconds since 1970; nullopt: never
  std::optional<std::int64_t> newest = {};     ///< of the latest enrollment
  bool locked = false;
};

/// Errors: as Bus::call_manager; Malformed.
Result<std::vector<PersonRecord>> get_people(Bus &bus, Patience &patience);

}  // namespace passkeyd
