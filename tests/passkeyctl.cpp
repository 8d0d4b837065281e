/// Pipes, pseudo-terminals, and the least a shell does.
#include "tests/passkeyctl.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "tests/check.h"

namespace passkeyd::test {

std::string program;
std::string language;

namespace {

int status_of(pid_t child) {
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

[[noreturn]] void become(const std::vector<std::string> &arguments) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setenv("TZ", "UTC", 1);
  setenv("LC_ALL", "C.UTF-8", 1);
  setenv("LANGUAGE", language.c_str(), 1);
  std::vector<char *> argv = {program.data()};
  for (const std::string &argument : arguments) argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  _exit(127);
}

std::string all_of(int file) {
  std::string text;
  char piece[4096];
  for (ssize_t got = 0; (got = read(file, piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<std::size_t>(got));
  return text;
}

/// passkeyctl in the foreground; when it stops, says "[stopped]", takes the terminal,
/// and goes on at the next line. (Without a shell the kernel stops nobody: the process group would be
/// orphaned.)
[[noreturn]] void be_a_shell(const std::vector<std::string> &arguments) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGTTOU, SIG_IGN);
  const pid_t job = fork();
  if (job == 0) {
    setpgid(0, 0);
    tcsetpgrp(0, getpid());
    signal(SIGTTOU, SIG_DFL);
    become(arguments);
  }
  int status = 0;
  while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
    char line[16];
    tcsetpgrp(0, getpid());
    if (write(1, "[stopped]\n", 10) != 10 || read(0, line, sizeof line) <= 0) _exit(126);
    tcsetpgrp(0, job);
    kill(job, SIGCONT);
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

}  // namespace

Ran run(const std::vector<std::string> &arguments, const std::string &input, const char *out_file) {
  int in[2];
  int out[2];
  int err[2];
  CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0);
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    dup2(in[0], 0);
    dup2(out_file != nullptr ? open(out_file, O_WRONLY | O_NOCTTY | O_CLOEXEC) : out[1], 1);
    dup2(err[1], 2);
    become(arguments);
  }
  for (const int mine : {in[0], out[1], err[1]}) close(mine);
  CHECK(write(in[1], input.data(), input.size()) == static_cast<ssize_t>(input.size()));
  close(in[1]);
  Ran ran;
  ran.out = all_of(out[0]);
  ran.err = all_of(err[0]);
  close(out[0]);
  close(err[0]);
  ran.status = status_of(child);
  return ran;
}

bool says(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

OnTerminal::OnTerminal(const std::vector<std::string> &arguments, unsigned short columns) {
  int master = -1;
  winsize window = {};
  window.ws_col = columns;
  child_ = forkpty(&master, nullptr, nullptr, &window);
  if (child_ == 0) be_a_shell(arguments);
  CHECK(child_ > 0);
  master_.reset(master);
}

OnTerminal::~OnTerminal() {
  if (child_ <= 0) return;
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

bool OnTerminal::read_more(const std::string &otherwise) {
  pollfd waiting = {master_.get(), POLLIN, 0};
  char piece[512];
  if (poll(&waiting, 1, 20000) <= 0) throw Failed(otherwise);
  const ssize_t got = read(master_.get(), piece, sizeof piece);
  if (got > 0) screen.append(piece, static_cast<std::size_t>(got));
  return got > 0;
}

void OnTerminal::await(const char *text) {
  while (!says(screen, text))
    if (!read_more(std::string("never on the screen: ") + text))
      throw Failed(std::string("ended without on the screen: ") + text);
}

void OnTerminal::type(const std::string &keys) {
  CHECK(write(master_.get(), keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
}

bool OnTerminal::echoes() const {
  termios modes = {};
  CHECK(tcgetattr(master_.get(), &modes) == 0);
  return (modes.c_lflag & ECHO) != 0;
}

int OnTerminal::end() {
  while (read_more("does not end")) {
  }
  return status_of(std::exchange(child_, -1));
}

}  // namespace passkeyd::test
