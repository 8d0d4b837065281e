/// passkeyd-ceremony: the process that talks to one authenticator, for one request, and ends. It is
/// handed the device and the PIN, neither database nor bus, and nothing it says is believed unverified.
///
/// Started by passkeyd with one end of a socket pair as descriptor 3: reads a request, writes cues and one
/// last event. When the other end closes, the person or the program went away: the key is told to stop
/// blinking.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "daemon/ceremony/operations.h"
#include "daemon/ceremony/wire.h"
#include "tpm/process.h"

namespace passkeyd {
namespace {

/// Memory for data, far beyond what any operation takes. libfido2 makes room for as many answers as a key
/// announces.
[[maybe_unused]] constexpr rlim_t kMostMemory = 256UL * 1024 * 1024;

/// Beside what tpm/ asks of a process that holds PINs: bounded memory, nothing gained by exec, no outliving
/// the daemon.
void harden() {
  tpm::harden_process();
#ifndef __SANITIZE_ADDRESS__  // which reserves terabytes
  const rlimit most{kMostMemory, kMostMemory};
  setrlimit(RLIMIT_DATA, &most);
#endif
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  signal(SIGPIPE, SIG_IGN);
}

/// Waits until the daemon closes its end, asks the operation to stop, and ends the process if it does not.
void watch_for_hang_up() {
  pollfd watched{wire::kCeremonyFd, POLLRDHUP, 0};
  while (poll(&watched, 1, -1) < 0) continue;
  cancel_operation();
  std::this_thread::sleep_for(
      std::chrono::milliseconds(70));  // should the device ignore it: the last word is ours
  _exit(EXIT_FAILURE);
}

int run() {
  Result<std::optional<wire::Received>> received = wire::receive(wire::kCeremonyFd);
  if (!received || !received.value() || received.value()->message.empty()) return EXIT_FAILURE;
  Result<wire::Request> request = wire::decode_request(received.value()->message);
  std::thread(watch_for_hang_up).detach();
  const auto say = [](const wire::Event &event) {
    (void)wire::send(wire::kCeremonyFd, wire::encode(event), {});
  };
  const LastWord last =
      request ? perform(request.value(), std::move(received.value()->fds), say) : LastWord{request.error()};
  std::vector<int> files;
  for (const Fd &file : last.files) files.push_back(file.get());
  (void)wire::send(wire::kCeremonyFd, wire::encode(last.event), files);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace passkeyd

int main() {
  passkeyd::harden();
  int status = EXIT_FAILURE;
  try {
    status = passkeyd::run();
  } catch (...) {  // out of memory, or a library's mistake: the daemon sees an ending without an answer
  }
  _exit(status);  // the watching thread still runs: no destructors behind its back
}
