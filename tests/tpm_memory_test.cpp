/// What is left of a PIN in the memory of the process that used it. The process under test is a child that
/// learns the PIN, logs in, forgets the PIN and then looks for it everywhere in itself.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>

#include "tests/tpm_fixture.h"
#include "tpm/platform_key.h"
#include "tpm/process.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

/// Over a SOCK_SEQPACKET socket: one packet, one value.
void tell(int socket, ByteView bytes) {
  CHECK(send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
}

template <std::size_t kRoom>
std::size_t hear(int socket, std::uint8_t (&bytes)[kRoom]) {
  const ssize_t size = recv(socket, bytes, kRoom, 0);
  CHECK(size > 0);
  return static_cast<std::size_t>(size);
}

Bytes hear_bytes(int socket) {
  std::uint8_t bytes[4096];
  const std::size_t size = hear(socket, bytes);
  return {bytes, bytes + size};
}

/// How often the needle is in this process's writable memory. It is held inverted, so as not to find itself.
std::uint32_t occurrences(const Bytes &inverted) {
  std::uint32_t found = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long start = 0, end = 0;
    char access[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &start, &end, access) != 3) continue;
    if (access[0] != 'r' || access[1] != 'w') continue;
    const auto *memory = reinterpret_cast<const volatile std::uint8_t *>(start);
    for (std::size_t at = 0; at + inverted.size() <= end - start; ++at) {
      std::size_t same = 0;
      while (same < inverted.size() && (memory[at + same] ^ 0xff) == inverted[same]) ++same;
      found += same == inverted.size();
    }
  }
  return found;
}

Bytes inverted(ByteView bytes) {
  Bytes result = copy_of(bytes);
  for (std::uint8_t &byte : result) byte ^= 0xff;
  return result;
}

/// The child. Hears id, blob, client data; then the PIN; logs in; then hears needles and answers how often
/// each was found, first while it still holds the PIN, then without.
void use_a_pin(const Person &anna, int socket) {
  AssertionRequest request{.rp_id = anna.rp_id};
  const Bytes id = hear_bytes(socket), platform = hear_bytes(socket), data = hear_bytes(socket);
  request.client_data.assign(data.begin(), data.end());
  request.allowed.push_back({.id = id, .platform = platform});
  std::optional<Secret> pin;
  {
    std::uint8_t typed[Secret::kMaxBytes];
    const std::size_t size = hear(socket, typed);
    pin.emplace(ByteView(typed, size));
    explicit_bzero(typed, sizeof typed);
  }
  SilentCues cues;
  const std::optional<Assertion> assertion = MUST(anna.tpm.authenticator().prove(request, &*pin, cues));
  tell(socket, assertion->signature);
  for (int needle = 0; needle < 3; ++needle) {
    if (needle == 1) pin.reset();
    const std::uint32_t found = occurrences(hear_bytes(socket));
    tell(socket, {reinterpret_cast<const std::uint8_t *>(&found), sizeof found});
  }
}

std::uint32_t ask(int socket, ByteView needle) {
  tell(socket, inverted(needle));
  std::uint32_t found = 0;
  CHECK(recv(socket, &found, sizeof found, 0) == sizeof found);
  return found;
}

void after_a_login_neither_the_pin_nor_its_value_is_in_memory() {
  Swtpm tpm;
  Person anna{tpm};
  int ends[2] = {-1, -1};
  CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd ours(ends[0]);
  Fd theirs(ends[1]);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    try {
      use_a_pin(anna, theirs.get());
    } catch (const std::exception &error) {
      std::fprintf(stderr, "in the child: %s\n", error.what());
      _exit(1);
    }
    _exit(0);
  }
  theirs.reset();

  // Made only now: the child cannot have it from its parent.
  anna.pin = "pin " + std::to_string(getpid()) + "/" + std::to_string(child);
  const Credential credential = anna.enroll();
  Challenge asked = anna.challenge(Ceremony::Get);
  tell(ours.get(), credential.id);
  tell(ours.get(), credential.platform);
  tell(ours.get(), bytes_of(asked.client_data()));
  tell(ours.get(), bytes_of(anna.pin));
  CHECK(hear_bytes(ours.get()).size() > 60);  // a signature: it has logged in

  const tpm::PlatformKey key = MUST(tpm::PlatformKey::parse(credential.platform));
  const Secret value = MUST(tpm::auth_value(key.salt, anna.secret()));
  CHECK(ask(ours.get(), bytes_of(anna.pin)) == 1);  // while it is held: the search does find things
  CHECK(ask(ours.get(), bytes_of(anna.pin)) == 0);
  CHECK(ask(ours.get(), value.bytes().first(16)) == 0);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
}

}  // namespace

int main() {
  tpm::harden_process();
  const CMUnitTest tests[] = {
      TEST(after_a_login_neither_the_pin_nor_its_value_is_in_memory),
  };
  return cmocka_run_group_tests_name("tpm-memory", tests, nullptr, nullptr);
}
