/// Finding out who is next, and handing on.
#include "ssh/askpass/next.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "client/printable.h"
#include "client/terminal.h"
#include "ssh/askpass/prompt.h"
#include "ssh/relay.h"

namespace passkeyd::askpass {
namespace {

constexpr const char *kNextName = "PASSKEY_ASKPASS_NEXT";
constexpr const char *kUsual = "/usr/bin/ssh-askpass";

bool is_set(const char *name) {
  const char *value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool is_ourselves(const char *path) {
  struct stat theirs = {};
  struct stat ours = {};
  return stat(path, &theirs) == 0 && stat("/proc/self/exe", &ours) == 0 && theirs.st_dev == ours.st_dev &&
         theirs.st_ino == ours.st_ino;
}

/// nullptr: it will do.
const char *what_is_wrong(const char *path) {
  if (*path != '/') return "is no full path";
  if (access(path, X_OK) != 0) return "cannot be run";
  if (is_ourselves(path)) return "is passkey-askpass itself";
  return nullptr;
}

/// ssh's own questions have several lines; what else is not printable is none of the terminal's business.
std::string shown(std::string_view prompt) {
  std::string clean;
  for (;;) {
    const std::size_t end = prompt.find('\n');
    clean += printable(prompt.substr(0, end), ssh::kMaxPrompt);
    if (end == std::string_view::npos || clean.size() > ssh::kMaxPrompt) return clean;
    clean += '\n';
    prompt.remove_prefix(end + 1);
  }
}

bool put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

int ask_on_terminal(const std::string &prompt, Hint hint) {
  if (hint == Hint::None) return show_on_terminal(shown(prompt)) ? 0 : 1;
  const bool echo = hint == Hint::Confirm || asks_about_a_host_key(prompt);
  const std::string question = shown(prompt) + (hint == Hint::Confirm ? " (yes/no) " : "");
  const Result<Secret> answer = read_from_terminal(question, echo ? Echo::On : Echo::Off);
  if (!answer) return 1;
  // ssh takes an empty answer for a yes, and so nothing but a yes may end well here.
  if (hint == Hint::Confirm && answer->text() != "yes") return 1;
  return put(answer->text()) && put("\n") ? 0 : 1;
}

}  // namespace

Next find_next() {
  if (is_set(kNextName)) {
    const char *path = std::getenv(kNextName);
    const char *wrong = what_is_wrong(path);
    if (wrong == nullptr) return {Asker::Program, path};
    std::fprintf(stderr, "passkey-askpass: %s %s\n", kNextName, wrong);
  }
  if (has_terminal()) return {Asker::Terminal};
  const bool screen = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
  if (screen && what_is_wrong(kUsual) == nullptr) return {Asker::Program, kUsual};
  return {};
}

Hint hint_of(const char *value) {
  const std::string_view text = value == nullptr ? "" : value;
  if (text == "confirm") return Hint::Confirm;
  return text == "none" ? Hint::None : Hint::Answer;
}

int hand_on(const Next &next, const std::string &prompt, Hint hint) {
  if (next.asker == Asker::Terminal) return ask_on_terminal(prompt, hint);
  if (next.asker == Asker::Program) {
    unsetenv(kNextName);
    execl(next.program.c_str(), next.program.c_str(), prompt.c_str(), nullptr);
    std::fprintf(stderr, "passkey-askpass: %s: %s\n", next.program.c_str(), std::strerror(errno));
    return 1;
  }
  std::fprintf(stderr, "passkey-askpass: there is neither a terminal nor an askpass to ask on\n");
  return 1;
}

}  // namespace passkeyd::askpass
