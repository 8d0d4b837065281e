/// Asking the parent for its version.
#include "ssh/askpass/client.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string>

#include "common/handle.h"

namespace passkeyd::askpass {
namespace {

constexpr int kPatience = 2000;  // milliseconds
constexpr std::string_view kName = "OpenSSH_";

/// What comes on its standard error first; empty: nothing, in time.
std::string first_words(const std::string &program) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  const Fd said(ends[0]);
  Fd theirs(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDERR_FILENO);
  std::string name = "ssh";
  std::string option = "-V";
  char *words[] = {name.data(), option.data(), nullptr};
  pid_t child = -1;
  const int failed = posix_spawn(&child, program.c_str(), &actions, nullptr, words, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return {};
  theirs.reset();
  std::array<char, 128> text{};
  pollfd watched{said.get(), POLLIN, 0};
  const bool came = poll(&watched, 1, kPatience) == 1;
  const ssize_t size = came ? read(said.get(), text.data(), text.size()) : 0;
  kill(child, SIGKILL);  // it has nothing more to say
  waitpid(child, nullptr, 0);
  return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

}  // namespace

bool names_hosts(std::string_view version) {
  if (!version.starts_with(kName)) return false;
  version.remove_prefix(kName.size());
  int major = 0;
  int minor = 0;
  const char *end = version.data() + version.size();
  const auto [dot, no_major] = std::from_chars(version.data(), end, major);
  if (no_major != std::errc() || dot == end || *dot != '.') return false;
  if (std::from_chars(dot + 1, end, minor).ec != std::errc()) return false;
  return major > 8 || (major == 8 && minor >= 5);
}

bool is_asked_by_an_ssh_that_names_hosts() {
  const std::string program = "/proc/" + std::to_string(getppid()) + "/exe";  // also where it was upgraded
  return names_hosts(first_words(program));
}

}  // namespace passkeyd::askpass
