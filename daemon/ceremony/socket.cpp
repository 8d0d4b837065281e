/// Moving ceremony messages and descriptors over the socket. See unix(7), SCM_RIGHTS.
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "daemon/ceremony/wire.h"

namespace passkeyd::wire {

Status send(int socket, ByteView message, const std::vector<int> &fds) {
  if (message.size() > kMaxMessage || fds.size() > kMaxFds)
    return Error{ErrorKind::Internal, "ceremony message is too long"};
  iovec part{const_cast<std::uint8_t *>(message.data()), message.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFds)] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr *rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(rights), fds.data(), sizeof(int) * fds.size());
  }
  if (sendmsg(socket, &header, MSG_NOSIGNAL) < 0) return errno_error("send to ceremony", errno);
  return Ok{};
}

Result<std::optional<Received>> receive(int socket) {
  Received received;
  received.message.resize(kMaxMessage);
  iovec part{received.message.data(), received.message.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFds)] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got = -1;
  do got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return std::optional<Received>();
  if (got < 0 && errno != ECONNRESET) return errno_error("receive from ceremony", errno);
  for (cmsghdr *part_of = CMSG_FIRSTHDR(&header); part_of != nullptr;
       part_of = CMSG_NXTHDR(&header, part_of)) {
    if (part_of->cmsg_level != SOL_SOCKET || part_of->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part_of->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t at = 0; at < count; ++at) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part_of) + at * sizeof(int), sizeof number);
      received.fds.emplace_back(number);
    }
  }
  // The buffer's end is rounded up, and may have taken one more.
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || received.fds.size() > kMaxFds)
    return Error{ErrorKind::Malformed, "ceremony message is too long, or brings too much"};
  received.message.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return std::optional(std::move(received));
}

}  // namespace passkeyd::wire
