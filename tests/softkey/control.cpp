/// Small, single-threaded, for a handful of clients of one's own.
#include "tests/softkey/control.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

namespace passkeyd::softkey {
namespace {

constexpr std::size_t kMaxLine = 4096;

Result<sockaddr_un> address_of(const std::string &path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error{ErrorKind::InvalidInput, "socket path too long: " + path};
  std::copy(path.begin(), path.end(), address.sun_path);
  return address;
}

}  // namespace

Result<Fd> listen_at(const std::string &path, int type) {
  const sockaddr_un address = TRY(address_of(path));
  struct stat old {};
  if (lstat(path.c_str(), &old) == 0 && S_ISSOCK(old.st_mode)) unlink(path.c_str());
  Fd listener(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return errno_error("socket", errno);
  if (bind(listener.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
    return errno_error("bind " + path, errno);
  if (::listen(listener.get(), 16) != 0) return errno_error("listen " + path, errno);
  return listener;
}

Result<Fd> connect_to(const std::string &path, int type) {
  const sockaddr_un address = TRY(address_of(path));
  Fd connection(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!connection) return errno_error("socket", errno);
  if (connect(connection.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
    return errno_error("connect " + path, errno);
  return connection;
}

Result<Control> Control::listen(const std::string &path) {
  return Control(TRY(listen_at(path, SOCK_STREAM)));
}

void Control::watch(std::vector<pollfd> &fds) const {
  fds.push_back({listener_.get(), POLLIN, 0});
  for (const Client &client : clients_) fds.push_back({client.socket.get(), POLLIN, 0});
}

void Control::serve(const Handler &handler) {
  while (true) {
    Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) break;
    clients_.push_back({std::move(socket), {}, false});
  }
  std::erase_if(clients_, [&](Client &client) { return finish(client, handler); });
}

bool Control::finish(Client &client, const Handler &handler) {
  char part[512];
  ssize_t got;
  while ((got = recv(client.socket.get(), part, sizeof part, 0)) > 0) {
    client.input.append(part, static_cast<std::size_t>(got));
    if (client.input.size() > kMaxLine) return true;
  }
  if (got == 0 || (errno != EAGAIN && errno != EINTR)) return true;  // gone: nobody is left to answer
  const std::size_t end = client.input.find('\n');
  if (end == std::string::npos) return false;

  std::istringstream line(client.input.substr(0, end));
  Words words;
  for (std::string word; line >> word;) words.push_back(word);
  const auto answer = handler(words);
  if (!answer) return false;
  std::string out = answer->good ? "ok\n" : "error: ";
  out += answer->text;
  if (!answer->text.empty() && answer->text.back() != '\n') out += '\n';
  // A few hundred bytes fit into any socket's buffer; a client that does not read loses its answer.
  static_cast<void>(send(client.socket.get(), out.data(), out.size(), MSG_NOSIGNAL));
  return true;
}

}  // namespace passkeyd::softkey
