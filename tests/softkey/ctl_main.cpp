/// softkey-ctl SOCKET COMMAND...: sends one command to a softkey's or mockusb's control socket and prints the
/// answer. Exit status: 0 done, 1 refused, 2 not reachable.
#include <sys/socket.h>

#include <cstdio>
#include <string>

#include "tests/softkey/control.h"

int main(int argc, char **argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: softkey-ctl SOCKET COMMAND...\n");
    return 2;
  }
  const auto connection = passkeyd::softkey::connect_to(argv[1], SOCK_STREAM);
  if (!connection) {
    std::fprintf(stderr, "softkey-ctl: %s\n", connection.error().sentence.c_str());
    return 2;
  }
  std::string line;
  for (int at = 2; at < argc; ++at) line += std::string(at > 2 ? " " : "") + argv[at];
  line += '\n';
  const int fd = connection.value().get();
  if (send(fd, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) return 2;

  std::string answer;
  char part[512];
  ssize_t got;
  while ((got = recv(fd, part, sizeof part, 0)) > 0) answer.append(part, static_cast<std::size_t>(got));
  if (answer.starts_with("ok\n")) {
    std::fputs(answer.c_str() + 3, stdout);
    return 0;
  }
  std::fprintf(stderr, "softkey-ctl: %s", answer.empty() ? "no answer\n" : answer.c_str());
  return answer.starts_with("error: ") ? 1 : 2;
}
