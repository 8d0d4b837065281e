/// Looking accounts and this machine's own name up, which may ask a network.
#include <netdb.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

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

namespace {

inline void drop_addresses(addrinfo *list) {
  freeaddrinfo(list);
}
using Addresses = Handle<addrinfo, drop_addresses>;

}  // namespace

/// See getaddrinfo(3), AI_CANONNAME; hostname(1) does the same for its --fqdn.
Result<wire::Event> name_host() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return errno_error("gethostname", errno);
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo *held = nullptr;
  const int failed = getaddrinfo(name.data(), nullptr, &hints, &held);
  if (failed != 0)
    return Error{ErrorKind::NotFound, std::string("this machine's name: ") + gai_strerror(failed)};
  const Addresses found(held);
  if (found->ai_canonname == nullptr)
    return Error{ErrorKind::NotFound, "this machine's name has no long form"};
  const RpId full = TRY(RpId::parse(found->ai_canonname));
  return wire::Event(wire::HostNamed{full.str()});
}

}  // namespace passkeyd
