/// What pam_passkey.so leaves in its host's memory: no leak and no copy of a secret; and what it does without
/// memory.
#include <dirent.h>
#include <malloc.h>
#include <security/pam_modules.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <set>

#include "tests/check.h"
#include "tests/failing_allocator.h"
#include "tests/pam_host.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd::test;

namespace {

const Event kBegin = begins("user=alice service=passkey-test");
const std::vector<Event> kTouch = {kBegin, next("", "tell", {{"message", "touch"}}), next("", "granted")};

std::set<std::string> open_files() {
  std::set<std::string> files;
  const std::unique_ptr<DIR, int (*)(DIR *)> directory(opendir("/proc/self/fd"), closedir);
  while (const dirent *entry = readdir(directory.get()))
    if (std::stoi(std::string("0") + entry->d_name) != dirfd(directory.get())) files.insert(entry->d_name);
  return files;
}

void three_hundred_logins_leave_no_files_and_no_memory() {
  constexpr int kLogins = 300;
  const PrivateBus bus;
  std::vector<Event> script = kTouch;
  script.insert(script.end(), {kBegin, next("", "ask-secret", {{"message", "pin-key"}}),
                               next(" secret=1234", "denied", {{"message", "pin-wrong"}}),
                               begins("user=alice service=passkey-test first=either"),
                               next("", "offer", {{"message", "password-or-key"}})});
  ScriptedDaemon daemon(script, {.forever = true});
  const auto once = [] {
    if (authenticate().code != PAM_SUCCESS) throw Failed("not let in");
    if (authenticate({.replies = {{HostReply::Kind::Text, "1234"}}}).code != PAM_AUTH_ERR)
      throw Failed("not refused");
    if (authenticate({.options = "first_prompt=either", .replies = {{HostReply::Kind::Text, "hunter2"}}})
            .code != PAM_AUTHINFO_UNAVAIL)
      throw Failed("not left to the password");
  };
  // What malloc and sd-bus keep for later they take once, and not all of it at the first login.
  for (int warm_up = 0; warm_up < 100; ++warm_up) once();
  const std::set<std::string> files = open_files();
  const std::size_t memory = mallinfo2().uordblks;
  for (int login = 0; login < kLogins / 3; ++login) once();
  CHECK(open_files() == files);
  CHECK(mallinfo2().uordblks <= memory + 64 * kLogins);  // a leak of one small block a login is more
  daemon.must_be_done();
}

/// A long PIN, veiled: a copy on a dead stack frame or in freed memory is seldom whole, so any stretch of it
/// counts.
std::string veiled_pin() {
  std::string veiled;
  std::uint32_t state = 7;
  while (veiled.size() < 480) {
    state = state * 1664525 + 1013904223;
    veiled += static_cast<char>(('a' + (state >> 24) % 26) ^ kVeil);
  }
  return veiled;
}

constexpr std::size_t kStretch = 12;  ///< bytes of a PIN that are no coincidence

/// The writable memory of this process, from start to end.
std::vector<std::pair<const unsigned char *, const unsigned char *>> writable_memory() {
  std::vector<std::pair<const unsigned char *, const unsigned char *>> regions;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t start = 0;
    std::uintptr_t end = 0;
    char mode[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &start, &end, mode) == 3 && mode[0] == 'r' && mode[1] == 'w')
      regions.emplace_back(reinterpret_cast<const unsigned char *>(start),
                           reinterpret_cast<const unsigned char *>(end));
  }
  return regions;
}

/// How many stretches of the PIN behind `veiled` lie anywhere in memory. Never forms the PIN itself.
std::size_t stretches_in_memory(const std::string &veiled) {
  std::set<std::string> stretches;
  for (std::size_t at = 0; at + kStretch <= veiled.size(); at += kStretch)
    stretches.insert(veiled.substr(at, kStretch));
  bool begins_one[256] = {};
  for (const std::string &stretch : stretches) begins_one[static_cast<unsigned char>(stretch[0])] = true;
  std::size_t found = 0;
  for (const auto &[start, end] : writable_memory())
    for (const unsigned char *at = start; at + kStretch <= end; ++at) {
      if (!begins_one[*at ^ kVeil]) continue;
      std::string here;
      for (std::size_t byte = 0; byte < kStretch; ++byte) here += static_cast<char>(at[byte] ^ kVeil);
      if (stretches.contains(here)) ++found;
    }
  return found;
}

void no_copy_of_a_pin_stays_in_the_hosts_memory() {
  if (!kCanFailAllocations) throw Skipped("AddressSanitizer maps more memory than can be searched");
  mallopt(M_PERTURB,
          0);  // test runners set it; freed memory must be clean by the module's doing, not by malloc's
  const std::string veiled = veiled_pin();
  const PrivateBus bus;
  ScriptedDaemon daemon({kBegin, next("", "ask-secret", {{"message", "pin-key"}}),
                         next(" secret=*", "tell", {{"message", "touch"}}), next("", "granted")});
  std::size_t when_answered = 0;
  std::size_t when_sent = 0;
  const HostSetup setup{.replies = {{HostReply::Kind::Veiled, veiled}},
                        .once_answered = [&] { when_answered = stretches_in_memory(veiled); },
                        .while_told = [&] { when_sent = stretches_in_memory(veiled); }};
  CHECK(authenticate(setup).code == PAM_SUCCESS);
  CHECK(when_answered == veiled.size() / kStretch);
  CHECK(when_sent == 0);
  CHECK(stretches_in_memory(veiled) == 0);
  daemon.must_be_done();
}

/// One copy is libpam's, for the modules that follow, and wiped by it in the end.
void no_copy_of_a_password_stays_in_the_hosts_memory() {
  if (!kCanFailAllocations) throw Skipped("AddressSanitizer maps more memory than can be searched");
  mallopt(M_PERTURB, 0);
  const std::string veiled = veiled_pin();
  const PrivateBus bus;
  ScriptedDaemon daemon({begins("user=alice service=passkey-test first=either"),
                         next("", "offer", {{"message", "password-or-key"}}),
                         {"Cancel", nothing()}});
  std::size_t when_handed_on = 0;
  const HostSetup setup{
      .replies = {{HostReply::Kind::Veiled, veiled}},
      .stack =
          "auth [default=ignore] PASSKEY first_prompt=either\nauth required pam_echo.so next\n"
          "auth required pam_deny.so\n",
      .while_told = [&] { when_handed_on = stretches_in_memory(veiled); }};
  CHECK(authenticate(setup).code != PAM_SUCCESS);
  CHECK(when_handed_on == veiled.size() / kStretch);
  CHECK(stretches_in_memory(veiled) == 0);
  daemon.must_be_done();
}

/// Fails every allocation from pam_authenticate on, once and in turn; what it comes to is never among
/// `never`.
void fail_allocations(const Event &begin, const Event &asks, const Event &ends, HostSetup setup,
                      const std::set<int> &never) {
  ScriptedDaemon daemon({begin, asks, ends}, {.forever = true});
  HostResult result = {.allocation_failed = true};
  long tries = 0;
  for (; result.allocation_failed; ++tries) {
    setup.failing_allocation = tries;
    result = authenticate(setup);
    CHECK(!never.contains(result.code));
  }
  CHECK(tries > 100);
  daemon.must_be_done();
}

/// In the module, sd-bus, libpam, and the host. A login may then fail, or do without what was to be
/// allocated; it never turns into something better.
void no_failing_allocation_lets_anybody_in_or_past() {
  if (!kCanFailAllocations) throw Skipped("AddressSanitizer has a malloc of its own");
  const PrivateBus bus;
  const std::pair<const char *, std::set<int>> ends[] = {
      {"granted", {PAM_IGNORE}}, {"unavailable", {PAM_SUCCESS}}, {"denied", {PAM_SUCCESS, PAM_IGNORE}}};
  const HostSetup setup{.replies = {{HostReply::Kind::Text, "123456"}}};
  for (const auto &[end, never] : ends) {
    fail_allocations(kBegin, next("", "ask-secret", {{"message", "pin-key"}}),
                     next(" secret=123456", end, {{"message", "not-enrolled"}}), setup, never);
    HostSetup either = setup;
    either.options = "first_prompt=either typed=pin";
    fail_allocations(begins("user=alice service=passkey-test first=either typed=pin"),
                     next("", "offer", {{"message", "password-or-pin"}, {"accepts-pin", true}}),
                     next(" secret=123456", end, {{"message", "denied"}}), either, never);
  }
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  module_path = argv[1];
  recorder_path = argv[2];
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(three_hundred_logins_leave_no_files_and_no_memory),
      TEST(no_copy_of_a_pin_stays_in_the_hosts_memory),
      TEST(no_copy_of_a_password_stays_in_the_hosts_memory),
      TEST(no_failing_allocation_lets_anybody_in_or_past),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
