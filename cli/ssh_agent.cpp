/// Connecting without waiting.
#include "cli/ssh_agent.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <string_view>

namespace passkeyd::cli {

Fd connect_to_agent() {
  const char *named = std::getenv("SSH_AUTH_SOCK");  // the person's own, as is this process
  const std::string_view path = named != nullptr ? named : "";
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (!path.starts_with('/') || path.size() >= sizeof address.sun_path) return {};
  path.copy(address.sun_path, path.size());
  // Not to wait for an agent whose queue is full.
  Fd agent(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!agent || connect(agent.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
    return {};
  if (fcntl(agent.get(), F_SETFL, 0) != 0) return {};
  return agent;
}

}  // namespace passkeyd::cli
