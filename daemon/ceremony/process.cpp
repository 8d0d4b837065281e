/// A ceremony's life, and the order in which it gives things up.
#include "daemon/ceremony/process.h"

#include <openssl/crypto.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "daemon/ceremony/walls.h"
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

/// From here on this process has what it was given and nothing else. The watching thread begins between the
/// walls: inside the ones that each thread has of its own, and before none can begin any more.
Status shut_in([[maybe_unused]] walls::Left left) {
#ifdef __SANITIZE_ADDRESS__  // which opens files and starts programs to tell what it found
  std::thread(watch_for_hang_up).detach();
  return Ok{};
#else
  TRY(walls::raise_first(left));
  std::thread(watch_for_hang_up).detach();
  return walls::raise_second(left);
#endif
}

void say(const wire::Event &event) {
  (void)wire::send(wire::kCeremonyFd, wire::encode(event), {});
}

LastWord act_behind_walls(const Act &act, const wire::Request &request, std::vector<Fd> secrets) {
  // OpenSSL reads its settings, and what they name, when first used: that must not be behind the walls.
  OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  const Reach reach = reach_for(request);
  const Status shut = shut_in(walls::left_for(request));
  if (!shut) return LastWord{shut.error()};
  return act(request, reach, std::move(secrets), say);
}

int live(const Act &act) {
  Result<std::optional<wire::Received>> received = wire::receive(wire::kCeremonyFd);
  if (!received || !received.value() || received.value()->message.empty()) return EXIT_FAILURE;
  const Result<wire::Request> request = wire::decode_request(received.value()->message);
  const LastWord last = request ? act_behind_walls(act, request.value(), std::move(received.value()->fds))
                                : LastWord{request.error()};
  std::vector<int> files;
  for (const Fd &file : last.files) files.push_back(file.get());
  (void)wire::send(wire::kCeremonyFd, wire::encode(last.event), files);
  return EXIT_SUCCESS;
}

}  // namespace

int live_as_ceremony(const Act &act) {
  harden();
  try {
    return live(act);
  } catch (...) {  // out of memory, or a library's mistake: the daemon sees an ending without an answer
    return EXIT_FAILURE;
  }
}

}  // namespace passkeyd
