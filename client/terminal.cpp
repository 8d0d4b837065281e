/// The controlling terminal and standard input, a line at a time. See termios(3), signalfd(2).
#include "client/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "common/handle.h"

namespace passkeyd {
namespace {

/// Ctrl-D, where the terminal itself does not look for it.
constexpr char kEndOfFile = 4;
constexpr char kErase = 0x7f;
constexpr char kBackspace = '\b';

/// While it lives, the signals that people and shells send are read from a file instead of acting.
class HeldSignals {
 public:
  HeldSignals() {
    sigemptyset(&held_);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) sigaddset(&held_, number);
    sigprocmask(SIG_BLOCK, &held_, &before_);
    file_.reset(signalfd(-1, &held_, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~HeldSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals &) = delete;
  HeldSignals &operator=(const HeldSignals &) = delete;

  [[nodiscard]] int file() const { return file_.get(); }

  /// Lets the signal that came do its work now. Returns if that was to be ignored, or to stop and go on.
  void deliver() {
    signalfd_siginfo came = {};
    if (read(file_.get(), &came, sizeof came) != sizeof came) return;
    raise(static_cast<int>(came.ssi_signo));  // pending while blocked
    sigprocmask(SIG_SETMASK, &before_, nullptr);
    sigprocmask(SIG_BLOCK, &held_, nullptr);
  }

 private:
  sigset_t held_ = {};
  sigset_t before_ = {};
  Fd file_;
};

/// Echo is off while it lives.
class Hush {
 public:
  /// What `besides` has of c_lflag is off as well.
  explicit Hush(int terminal, tcflag_t besides = 0) : terminal_(terminal) {
    if (tcgetattr(terminal_, &before_) != 0) return;
    termios hushed = before_;
    hushed.c_lflag &= ~(static_cast<tcflag_t>(ECHO | ECHONL) | besides);
    if ((besides & ICANON) != 0) {
      hushed.c_cc[VMIN] = 1;
      hushed.c_cc[VTIME] = 0;
    }
    hushed_ = tcsetattr(terminal_, TCSAFLUSH, &hushed) == 0;
  }
  ~Hush() {
    if (hushed_) tcsetattr(terminal_, TCSANOW, &before_);
  }
  Hush(const Hush &) = delete;
  Hush &operator=(const Hush &) = delete;

  explicit operator bool() const { return hushed_; }

 private:
  int terminal_;
  bool hushed_ = false;
  termios before_ = {};
};

void show(int terminal, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(terminal, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

enum class Waited { Input, Signal };

/// Without signals to look out for (-1), reading itself does the waiting.
Waited wait_for_input(int file, int signals) {
  if (signals < 0) return Waited::Input;
  pollfd waiting[] = {{file, POLLIN, 0}, {signals, POLLIN, 0}};
  while (poll(waiting, 2, -1) < 0 && errno == EINTR) {
  }
  return waiting[1].revents != 0 ? Waited::Signal : Waited::Input;
}

/// Reads up to the end of the line, a byte at a time so that the rest stays for whoever comes next. nullopt:
/// a signal came on `signals` first.
Result<std::optional<Secret>> read_line(int file, int signals = -1) {
  struct Line {  // wiped, whichever way this function is left
    ~Line() { explicit_bzero(bytes, sizeof bytes); }
    char bytes[Secret::kMaxBytes] = {};
    std::size_t size = 0;
  } line;
  bool too_long = false;
  for (;;) {
    if (wait_for_input(file, signals) == Waited::Signal) return std::optional<Secret>();
    char byte = 0;
    const ssize_t got = read(file, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", errno);
    if (got == 0 && line.size == 0) return Error{ErrorKind::Cancelled, "end of input"};
    if (got == 0 || byte == '\n') break;
    if (line.size < sizeof line.bytes)
      line.bytes[line.size++] = byte;
    else
      too_long = true;
  }
  if (too_long) return Error{ErrorKind::InvalidInput, "the line is too long"};
  return std::optional<Secret>(TRY(Secret::parse({line.bytes, line.size})));
}

/// A longer line that is no secret, as above.
Result<std::optional<std::string>> read_pasted_line(int file, int signals = -1) {
  std::string line;
  bool too_long = false;  // then it is read to its end all the same, so that no shell gets the rest
  for (;;) {
    if (wait_for_input(file, signals) == Waited::Signal) return std::optional<std::string>();
    char byte = 0;
    const ssize_t got = read(file, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", errno);
    if ((got == 0 || byte == kEndOfFile) && line.empty()) return Error{ErrorKind::Cancelled, "end of input"};
    if (got == 0 || byte == kEndOfFile || byte == '\n' || byte == '\r') {
      if (too_long) return Error{ErrorKind::InvalidInput, "the line is too long"};
      return std::optional(std::move(line));
    }
    if (byte == kErase || byte == kBackspace) {  // the terminal does not take these back itself now
      if (!line.empty()) line.pop_back();
      continue;
    }
    too_long = line.size() == kMaxPasted;
    if (!too_long) line += byte;
  }
}

Fd open_terminal() {
  return Fd(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
}

Result<Secret> read_whole_line(int file) {
  std::optional<Secret> line = TRY(read_line(file));
  return line ? std::move(*line) : Secret();  // no signal was looked out for
}

}  // namespace

bool has_terminal() {
  return static_cast<bool>(open_terminal());
}

Result<Secret> read_from_terminal(const std::string &prompt, Echo echo) {
  const Fd terminal = open_terminal();
  if (!terminal) return Error{ErrorKind::Cancelled, "there is no terminal to ask on"};
  if (echo == Echo::On) {
    show(terminal.get(), prompt);
    return read_whole_line(terminal.get());
  }
  HeldSignals signals;
  for (;; signals.deliver()) {  // with the terminal as it was
    const Hush hush(terminal.get());
    if (!hush) return Error{ErrorKind::Cancelled, "the terminal cannot hide what is typed"};
    show(terminal.get(), prompt);
    Result<std::optional<Secret>> line = read_line(terminal.get(), signals.file());
    show(terminal.get(), "\n");
    if (!line) return line.error();
    if (line.value()) return std::move(*line.value());
  }
}

Result<std::string> read_pasted_from_terminal(const std::string &prompt) {
  const Fd terminal = open_terminal();
  if (!terminal) return Error{ErrorKind::Cancelled, "there is no terminal to ask on"};
  HeldSignals signals;
  for (;; signals.deliver()) {
    const Hush hush(terminal.get(), ICANON);
    if (!hush) return Error{ErrorKind::Cancelled, "the terminal cannot be read a byte at a time"};
    show(terminal.get(), prompt);
    Result<std::optional<std::string>> line = read_pasted_line(terminal.get(), signals.file());
    show(terminal.get(), "\n");
    if (!line) return line.error();
    if (line.value()) return std::move(*line.value());
  }
}

bool show_on_terminal(const std::string &text) {
  const Fd terminal = open_terminal();
  if (terminal) show(terminal.get(), text + "\n");
  return static_cast<bool>(terminal);
}

Consent ask_consent(const std::string &question) {
  if (!has_terminal()) return Consent::NobodyThere;
  const Result<Secret> answer = read_from_terminal(question, Echo::On);
  if (!answer) return Consent::Refused;
  for (const std::string_view yes : {"y", "Y", "yes", "Yes", "YES"})
    if (answer->text() == yes) return Consent::Given;
  return Consent::Refused;
}

Result<Secret> read_from_stdin() {
  return read_whole_line(STDIN_FILENO);
}

Result<std::string> read_pasted_from_stdin() {
  std::optional<std::string> line = TRY(read_pasted_line(STDIN_FILENO));
  return line ? std::move(*line) : std::string();  // no signal was looked out for
}

}  // namespace passkeyd
