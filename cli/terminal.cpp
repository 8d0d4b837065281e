/// The controlling terminal and standard input, a line at a time.
#include "cli/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/terminal_mode.h"
#include "common/handle.h"

namespace passkeyd::cli {
namespace {

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

/// What is typed instead of being pasted may be taken back.
constexpr char kErase = 0x7f, kBackspace = '\b', kEndOfInput = 4;

/// The same for what is pasted: longer, and no secret. False: a signal came first.
Result<bool> read_long_line(int file, int signals, std::string &line) {
  bool too_long = false;
  for (;;) {
    if (wait_for_input(file, signals) == Waited::Signal) return false;
    char byte = 0;
    const ssize_t got = read(file, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", errno);
    const bool ends = got == 0 || byte == kEndOfInput;
    if (ends && line.empty()) return Error{ErrorKind::Cancelled, "end of input"};
    if (ends || byte == '\n' || byte == '\r') break;
    if (byte == kErase || byte == kBackspace) {
      if (!line.empty()) line.pop_back();
    } else if (line.size() < kMaxPasted) {
      line += byte;
    } else {
      too_long = true;
    }
  }
  if (too_long) return Error{ErrorKind::InvalidInput, "what was pasted is too long"};
  return true;
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
  if (!terminal) return Error{ErrorKind::Cancelled, "there is no terminal to ask on: see --pin-stdin"};
  if (echo == Echo::On) {
    show(terminal.get(), prompt);
    return read_whole_line(terminal.get());
  }
  HeldSignals signals;
  for (;; signals.deliver()) {  // with the terminal as it was
    const ModesOff hushed(terminal.get(), ECHO | ECHONL, TCSAFLUSH);
    if (!hushed) return Error{ErrorKind::Cancelled, "the terminal cannot hide what is typed"};
    show(terminal.get(), prompt);
    Result<std::optional<Secret>> line = read_line(terminal.get(), signals.file());
    show(terminal.get(), "\n");
    if (!line) return line.error();
    if (line.value()) return std::move(*line.value());
  }
}

Result<std::string> read_pasted_from_terminal(const std::string &prompt) {
  const Fd terminal = open_terminal();
  if (!terminal) return Error{ErrorKind::Cancelled, "there is no terminal to paste on: see --pin-stdin"};
  HeldSignals signals;
  for (std::string line;; signals.deliver(), line.clear()) {
    // A terminal that makes lines itself cuts them at 4095 bytes; and nobody needs to see all of that again.
    const ModesOff raw(terminal.get(), ICANON | ECHO | ECHONL, TCSADRAIN);
    if (!raw) return Error{ErrorKind::Cancelled, "the terminal cannot take long lines"};
    show(terminal.get(), prompt);
    const Result<bool> whole = read_long_line(terminal.get(), signals.file(), line);
    show(terminal.get(), "\n");
    if (!whole) return whole.error();
    if (whole.value()) return line;
  }
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
  std::string line;
  TRY(read_long_line(STDIN_FILENO, -1, line));
  return line;
}

}  // namespace passkeyd::cli
