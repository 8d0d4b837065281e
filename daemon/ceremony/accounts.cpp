/// Looking accounts up, which may ask a network.
#include <pwd.h>

#include "daemon/ceremony/performing.h"

namespace passkeyd {

/// See getpwnam_r(3). The buffer is bounded: an account record that needs more is no account.
Result<wire::Event> look_up(const wire::LookUpAccount &op) {
  constexpr std::size_t kMaxRecord = 64 * 1024;
  std::vector<char> buffer(kMaxRecord);
  passwd record{};
  passwd *found = nullptr;
  const int failed = getpwnam_r(op.user.c_str(), &record, buffer.data(), buffer.size(), &found);
  if (failed != 0) return errno_error("look up the account", failed);
  if (found == nullptr) return Error{ErrorKind::NotFound, "the system knows no such user"};
  return wire::Event(wire::AccountFound{found->pw_uid, found->pw_name});
}

}  // namespace passkeyd
