/// Starting, listening, and not waiting for ever.
#include "cli/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace passkeyd::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kNotThere = 127;  ///< as in a shell

int milliseconds_until(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

/// `text` to be read from its beginning: a pipe would want somebody to fill it meanwhile.
Result<Fd> readable(std::string_view text) {
  Fd file(memfd_create("passkeyctl-input", MFD_CLOEXEC));
  if (!file) return errno_error("memfd_create", errno);
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      lseek(file.get(), 0, SEEK_SET) != 0)
    return errno_error("write the input of a program", errno);
  return file;
}

/// In the child: nothing but system calls from here on.
[[noreturn]] void become(const char *path, char *const *argv, char *const *environment, int in, int out,
                         pid_t parent, bool leave_terminal) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);
  if (leave_terminal) setsid();
  if (in >= 0 && dup2(in, STDIN_FILENO) < 0) _exit(1);
  if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0) _exit(1);
  execve(path, argv, environment);
  _exit(kNotThere);
}

/// The person's own environment, but for who answers questions: nobody but the person, here.
std::vector<std::string> environment() {
  std::vector<std::string> all = {"SSH_ASKPASS_REQUIRE=never"};
  for (char *const *each = environ; *each != nullptr; ++each) {
    const std::string_view entry = *each;
    if (!entry.starts_with("SSH_ASKPASS_REQUIRE=")) all.emplace_back(entry);
  }
  return all;
}

std::vector<char *> pointers_to(std::vector<std::string> &texts) {
  std::vector<char *> pointers;
  for (std::string &text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// What comes, as it comes: to the person, too, if there is one.
class Ear {
 public:
  explicit Ear(const Program &program) : program_(program) {}

  void take(std::string_view piece) {
    const std::size_t room = Finished::kMostSaid - said_.size();
    said_.append(piece.substr(0, room));
    if (program_.talk == Talk::Nobody) return;
    hushed_ = hushed_ || (!program_.unsaid.empty() && said_.find(program_.unsaid) != std::string::npos);
    if (hushed_) return;
    if (write(STDERR_FILENO, piece.data(), piece.size()) < 0) return;  // then nobody reads it
  }

  [[nodiscard]] std::string said() && { return std::move(said_); }

 private:
  const Program &program_;
  std::string said_;
  bool hushed_ = false;
};

/// Until it has closed its ends. False: the time is over.
bool listen(const Fd &from, Clock::time_point end, Ear &ear) {
  std::array<char, 4096> piece{};
  for (;;) {
    pollfd waiting = {from.get(), POLLIN, 0};
    const int woken = poll(&waiting, 1, milliseconds_until(end));
    if (woken < 0 && errno == EINTR) continue;
    if (woken <= 0) return false;
    const ssize_t got = read(from.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    ear.take({piece.data(), static_cast<std::size_t>(got)});
  }
}

/// Once its process has ended. False: the time is over.
bool ends_by(const Fd &process, Clock::time_point end) {
  for (;;) {
    pollfd waiting = {process.get(), POLLIN, 0};
    const int woken = poll(&waiting, 1, milliseconds_until(end));
    if (woken < 0 && errno == EINTR) continue;
    return woken > 0;
  }
}

int status_of(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<Finished> run_program(const Program &program) {
  if (access(program.path.c_str(), X_OK) != 0)
    return Error{ErrorKind::NotFound, program.path + " is not there"};
  Fd input;
  if (program.talk == Talk::Nobody) input = TRY(readable(program.input));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe", errno);
  const Fd from(ends[0]);
  Fd into(ends[1]);

  std::vector<std::string> words = {program.path};
  words.insert(words.end(), program.arguments.begin(), program.arguments.end());
  std::vector<std::string> surroundings = environment();
  const std::vector<char *> argv = pointers_to(words);
  const std::vector<char *> envp = pointers_to(surroundings);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return errno_error("fork", errno);
  if (child == 0)
    become(program.path.c_str(), argv.data(), envp.data(), input.get(), into.get(), parent,
           program.talk == Talk::Standard);
  into.reset();

  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  const Clock::time_point end = Clock::now() + program.most;
  Ear ear(program);
  const bool in_time = listen(from, end, ear) && (!process || ends_by(process, end));
  if (!in_time) kill(child, SIGKILL);
  const int status = status_of(child);
  if (!in_time) return Error{ErrorKind::Timeout, program.path + " took too long"};
  return Finished{status, std::move(ear).said()};
}

}  // namespace passkeyd::cli
