/// Running an askpass beside us.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "common/handle.h"
#include "ssh/askpass/next.h"

namespace passkeyd::askpass {
namespace {

constexpr std::string_view kHint = "SSH_ASKPASS_PROMPT=";
constexpr std::string_view kNext = "PASSKEY_ASKPASS_NEXT=";

/// Our environment with this hint, or without one.
std::vector<char *> environment_with(std::string &hint) {
  std::vector<char *> variables;
  for (char **each = environ; *each != nullptr; ++each) {
    const std::string_view variable = *each;
    if (!variable.starts_with(kHint) && !variable.starts_with(kNext)) variables.push_back(*each);
  }
  if (!hint.empty()) variables.push_back(hint.data());
  variables.push_back(nullptr);
  return variables;
}

/// In the child: nothing but what may follow a fork beside another thread.
[[noreturn]] void become(char *const *words, char *const *variables, int out, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // no dialog stays behind, however this ends
  if (getppid() != parent) _exit(1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nowhere = open("/dev/null", O_RDWR | O_NOCTTY);
  dup2(nowhere, STDIN_FILENO);
  dup2(out < 0 ? nowhere : out, STDOUT_FILENO);
  execve(words[0], words, variables);
  _exit(127);
}

/// Starts it with `out` (-1: nowhere) as its standard output, and signals as programs expect them.
Result<pid_t> start(std::string program, std::string text, std::string hint, int out) {
  char *words[] = {program.data(), text.data(), nullptr};
  const std::vector<char *> variables = environment_with(hint);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) become(words, variables.data(), out, parent);
  if (child < 0) return errno_error("fork", errno);
  return child;
}

/// True if it ended well.
bool await(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return false;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// All that comes, as far as a Secret holds it, up to the end of the line.
Result<Secret> read_answer(int from) {
  struct Answer {  // wiped, whichever way this function is left
    ~Answer() { explicit_bzero(bytes, sizeof bytes); }
    char bytes[Secret::kMaxBytes + 2] = {};
    std::size_t size = 0;
  } answer;
  for (ssize_t got = 1; got != 0 && answer.size < sizeof answer.bytes;) {
    got = read(from, answer.bytes + answer.size, sizeof answer.bytes - answer.size);
    if (got < 0 && errno != EINTR) return errno_error("read", errno);
    if (got > 0) answer.size += static_cast<std::size_t>(got);
  }
  const std::string_view text(answer.bytes, answer.size);
  return Secret::parse(text.substr(0, text.find_first_of("\r\n")));
}

}  // namespace

Result<Secret> ask_through(const std::string &program, const std::string &question) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe", errno);
  Fd answers(ends[0]);
  Fd theirs(ends[1]);
  const pid_t child = TRY(start(program, question, "", theirs.get()));
  theirs.reset();
  Result<Secret> answer = read_answer(answers.get());
  answers.reset();  // who has more to say than that finds nobody listening, and ends
  if (!await(child)) return Error{ErrorKind::Cancelled, "the askpass gave no answer"};
  return answer;
}

Notice::Notice(const std::string &program, const std::string &text) {
  const Result<pid_t> started = start(program, text, std::string(kHint) + "none", -1);
  if (started) program_ = started.value();  // without, the person is told less, and nothing else
}

Notice::~Notice() {
  if (program_ < 0) return;
  kill(program_, SIGTERM);
  await(program_);
}

}  // namespace passkeyd::askpass
