/// Starting it, and following what it says.
#include "tests/logind/scripted_logind.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "tests/private_machine.h"

namespace passkeyd::test {
namespace {

const std::string kTable = std::string(kScratch) + "/logind.table";
constexpr int kPatience = 10'000;  ///< milliseconds for a line that must come

}  // namespace

ScriptedLogind::ScriptedLogind(const std::string &table, uid_t uid) {
  write_file(kTable, table);
  const char *program = std::getenv("LOGIND");
  if (program == nullptr) throw std::runtime_error("LOGIND is not set");
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  const std::string user = std::to_string(uid);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], STDOUT_FILENO);
    execl(program, program, "--table", kTable.c_str(), "--uid", user.c_str(), nullptr);
    _exit(127);
  }
  close(ends[1]);
  output_ = ends[0];
  await("ready");
}

ScriptedLogind::~ScriptedLogind() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(output_);
}

void ScriptedLogind::set(const std::string &table) {
  write_file(kTable, table);
  kill(pid_, SIGHUP);
  await("read");
}

std::vector<std::string> ScriptedLogind::calls() {
  pollfd there{output_, POLLIN, 0};
  while (poll(&there, 1, 0) > 0) fill();
  while (read_.find('\n') != std::string::npos) calls_.push_back(take_line());
  return std::exchange(calls_, {});
}

void ScriptedLogind::await(const std::string &line) {
  for (std::string got; got != line;) {
    got = take_line();
    if (got != line) calls_.push_back(got);
  }
}

std::string ScriptedLogind::take_line() {
  auto end = read_.find('\n');
  for (; end == std::string::npos; end = read_.find('\n')) {
    pollfd there{output_, POLLIN, 0};
    if (poll(&there, 1, kPatience) <= 0) throw std::runtime_error("the scripted logind says nothing");
    fill();
  }
  std::string line = read_.substr(0, end);
  read_.erase(0, end + 1);
  return line;
}

void ScriptedLogind::fill() {
  char piece[512];
  const ssize_t got = read(output_, piece, sizeof piece);
  if (got <= 0) throw std::runtime_error("the scripted logind has ended");
  read_.append(piece, static_cast<std::size_t>(got));
}

}  // namespace passkeyd::test
