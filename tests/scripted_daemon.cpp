/// Following the script.
#include "tests/scripted_daemon.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <stdexcept>

#include "common/secret.h"
#include "common/steps.h"
#include "tests/check.h"

namespace passkeyd::test {
namespace {

constexpr int kLastEvents = 5000;  ///< milliseconds that must_be_done waits for what is still on its way

std::string secret_in(int file) {
  const Result<Secret> secret = from_memfd(Fd(dup(file)));
  return secret ? "=" + std::string(secret.value().text()) : ": " + secret.error().sentence;
}

/// What an agent that speaks first says, up to its end.
std::string greeted_by(int connection) {
  char text[64] = {};
  pollfd watched{connection, POLLIN, 0};
  poll(&watched, 1, kLastEvents);
  const ssize_t got = recv(connection, text, sizeof text - 1, MSG_DONTWAIT);
  return got > 0 ? "=" + std::string(text) : " that says nothing";
}

/// One value of an a{sv}, as the script's lines have it.
std::string read_entry(sd_bus_message *call, const std::string &key) {
  const char *contents = nullptr;
  char type = 0;
  sd_bus_message_peek_type(call, &type, &contents);
  const std::string signature = contents != nullptr ? contents : "";
  if (signature == "s") {
    const char *text = nullptr;
    sd_bus_message_read(call, "v", "s", &text);
    return key + "=" + text;
  }
  if (signature == "u") {
    std::uint32_t number = 0;
    sd_bus_message_read(call, "v", "u", &number);
    return key + "=" + std::to_string(number);
  }
  if (signature == "x" || signature == "t") {  // as wide as each other, and no test has one that is negative
    std::uint64_t number = 0;
    sd_bus_message_read(call, "v", signature.c_str(), &number);
    return key + "=" + std::to_string(number);
  }
  if (signature == "h") {
    int file = -1;
    sd_bus_message_read(call, "v", "h", &file);
    return key == "agent" ? key + greeted_by(file) : key + secret_in(file);
  }
  if (signature == "ay") {
    const void *bytes = nullptr;
    std::size_t size = 0;
    sd_bus_message_enter_container(call, 'v', "ay");
    sd_bus_message_read_array(call, 'y', &bytes, &size);
    sd_bus_message_exit_container(call);
    return key + "=" + std::string(static_cast<const char *>(bytes), size);
  }
  int truth = 0;
  if (signature == "b" && sd_bus_message_read(call, "v", "b", &truth) > 0)
    return truth != 0 ? key : key + "=no";
  return key + " of type " + signature;
}

std::string line_of(sd_bus_message *call) {
  std::string line = sd_bus_message_get_member(call);
  char type = 0;
  while (sd_bus_message_peek_type(call, &type, nullptr) > 0 && type == 's') {
    const char *text = nullptr;
    sd_bus_message_read(call, "s", &text);
    line += std::string(" ") + text;
  }
  if (sd_bus_message_enter_container(call, 'a', "{sv}") <= 0) return line;
  std::map<std::string, std::string> entries;
  while (sd_bus_message_enter_container(call, 'e', "sv") > 0) {
    const char *key = nullptr;
    sd_bus_message_read(call, "s", &key);
    const std::string name = key;
    entries[name] = read_entry(call, name);
    sd_bus_message_exit_container(call);
  }
  for (const char *first : {"user", "service", "tty", "rhost", "way"}) {
    const auto found = entries.find(first);
    if (found == entries.end()) continue;
    line += " " + found->second;
    entries.erase(found);
  }
  for (const auto &[key, entry] : entries) line += " " + entry;
  return line;
}

bool fits(const std::string &line, const std::string &expected) {
  if (!expected.ends_with('*')) return line == expected;
  return line.starts_with(expected.substr(0, expected.size() - 1));
}

class Player {
 public:
  Player(std::vector<Event> script, bool forever) : script_(std::move(script)), forever_(forever) {}

  int take(sd_bus_message *message) {
    if (sd_bus_message_is_signal(message, "org.freedesktop.DBus", "NameOwnerChanged") > 0)
      return departed(message);
    if (sd_bus_message_is_method_call(message, nullptr, nullptr) <= 0) return 0;
    const std::string line = line_of(message);
    if (line.starts_with("Begin")) caller_ = sd_bus_message_get_sender(message);
    if (forever_ && line.starts_with("Begin") && !script_[at_].expected.starts_with("Begin")) at_ = 0;
    if (forever_ && line == "Cancel") return 1;
    if (done() || !fits(line, script_[at_].expected)) {
      complain("got '" + line + "'");
      return sd_bus_reply_method_errorf(message, "org.passkeyd1.Error.Internal", "not in the script");
    }
    return play(message);
  }

  [[nodiscard]] bool done() const { return at_ == script_.size(); }
  [[nodiscard]] std::string complaint() const {
    return complaint_.empty() && !done() && !forever_ ? "still expected '" + script_[at_].expected + "'"
                                                      : complaint_;
  }

 private:
  int departed(sd_bus_message *message) {
    const char *name = nullptr;
    const char *before = nullptr;
    const char *after = nullptr;
    sd_bus_message_read(message, "sss", &name, &before, &after);
    if (caller_ == name && *after == '\0' && !done() && script_[at_].expected == "gone") return play(message);
    return 0;
  }

  int play(sd_bus_message *message) {
    const Reaction react = script_[at_++].react;
    if (forever_ && done()) at_ = 0;
    const int code = react(message);
    if (code < 0) complain("the reaction failed: " + std::to_string(code));
    return 1;
  }

  void complain(const std::string &what) {
    if (!complaint_.empty()) return;
    complaint_ =
        what + (done() ? " after the end of the script" : " instead of '" + script_[at_].expected + "'");
  }

  std::vector<Event> script_;
  bool forever_;
  std::size_t at_ = 0;
  std::string caller_;
  std::string complaint_;
};

int append_value(sd_bus_message *reply, const Value &value) {
  if (const auto *text = std::get_if<std::string>(&value))
    return sd_bus_message_append(reply, "v", "s", text->c_str());
  if (const auto *number = std::get_if<std::uint32_t>(&value))
    return sd_bus_message_append(reply, "v", "u", *number);
  if (const auto *number = std::get_if<std::int64_t>(&value))
    return sd_bus_message_append(reply, "v", "x", *number);
  if (const auto *number = std::get_if<std::uint64_t>(&value))
    return sd_bus_message_append(reply, "v", "t", *number);
  if (const auto *truth = std::get_if<bool>(&value))
    return sd_bus_message_append(reply, "v", "b", *truth ? 1 : 0);
  sd_bus_message_open_container(reply, 'v', "as");
  sd_bus_message_open_container(reply, 'a', "s");
  for (const std::string &text : std::get<std::vector<std::string>>(value))
    sd_bus_message_append(reply, "s", text.c_str());
  sd_bus_message_close_container(reply);
  return sd_bus_message_close_container(reply);
}

/// Everything already on its way to us has been handled when this gives false.
bool process(sd_bus *connection) {
  const int more = sd_bus_process(connection, nullptr);
  if (more < 0) throw std::runtime_error("the scripted daemon lost its bus");
  return more > 0;
}

}  // namespace

int append_dictionary(sd_bus_message *reply, const Dictionary &entries) {
  sd_bus_message_open_container(reply, 'a', "{sv}");
  for (const auto &[key, value] : entries) {
    sd_bus_message_open_container(reply, 'e', "sv");
    sd_bus_message_append(reply, "s", key.c_str());
    append_value(reply, value);
    sd_bus_message_close_container(reply);
  }
  return sd_bus_message_close_container(reply);
}

Reaction append(std::function<int(sd_bus_message *)> fill) {
  return [fill = std::move(fill)](sd_bus_message *call) {
    sd_bus_message *reply = nullptr;
    int code = sd_bus_message_new_method_return(call, &reply);
    if (code >= 0) code = fill(reply);
    if (code >= 0) code = sd_bus_send(nullptr, reply, nullptr);
    sd_bus_message_unref(reply);
    return code;
  };
}

Reaction attempt() {
  return append([](sd_bus_message *reply) { return sd_bus_message_append(reply, "o", kAttemptPath); });
}

Reaction step(std::string name, Dictionary details) {
  return append([name = std::move(name), details = std::move(details)](sd_bus_message *reply) {
    sd_bus_message_append(reply, "s", name.c_str());
    return append_dictionary(reply, details);
  });
}

Reaction error(std::string name) {
  return [name = std::move(name)](sd_bus_message *call) {
    return sd_bus_reply_method_errorf(call, name.c_str(), "as the script has it");
  };
}

Reaction hang() {
  return [](sd_bus_message *) { return 0; };
}

Reaction nothing() {
  return [](sd_bus_message *) { return 0; };
}

Reaction asks_through_polkit(Reaction answer) {
  return [answer = std::move(answer)](sd_bus_message *call) {
    return sd_bus_message_get_allow_interactive_authorization(call) > 0 ? answer(call) : -EACCES;
  };
}

Reaction vanish() {
  return [](sd_bus_message *) -> int { _exit(0); };
}

Event begins(const std::string &rest) {
  return {"BeginLogin " + rest, attempt()};
}

Event next(const std::string &rest, std::string name, Dictionary details) {
  return {"Next" + rest, step(std::move(name), std::move(details))};
}

std::string run_script(std::vector<Event> script, const DaemonSetup &setup, int control) {
  Player player(std::move(script), setup.forever);
  sd_bus *connection = nullptr;
  const std::string address = "unix:path=" + setup.socket;
  if (setup.uid != geteuid() && (setgid(setup.uid) != 0 || setuid(setup.uid) != 0))
    return "cannot change user";
  if (sd_bus_new(&connection) < 0 || sd_bus_set_address(connection, address.c_str()) < 0 ||
      sd_bus_set_bus_client(connection, 1) < 0 || sd_bus_start(connection) < 0)
    return "cannot connect";
  const auto hand_over = [](sd_bus_message *message, void *to, sd_bus_error *) {
    return static_cast<Player *>(to)->take(message);
  };
  if (sd_bus_add_filter(connection, nullptr, hand_over, &player) < 0 ||
      sd_bus_match_signal(connection, nullptr, "org.freedesktop.DBus", nullptr, "org.freedesktop.DBus",
                          "NameOwnerChanged", nullptr, nullptr) < 0 ||
      sd_bus_request_name(connection, bus::kService, 0) < 0)
    return "cannot own the name";
  if (control >= 0 && write(control, "r", 1) != 1) return "nobody is waiting";

  bool asked = false;  // for the verdict
  for (;;) {
    while (process(connection)) {
    }
    if ((asked || control < 0) && (player.done() || setup.forever)) break;
    pollfd waiting[2] = {{sd_bus_get_fd(connection), POLLIN, 0}, {asked ? -1 : control, POLLIN, 0}};
    const int woken = poll(waiting, 2, asked ? kLastEvents : -1);
    if (asked && woken == 0) break;
    if ((waiting[1].revents & (POLLIN | POLLHUP)) != 0) asked = true;
  }
  sd_bus_flush_close_unref(connection);
  return player.complaint();
}

ScriptedDaemon::ScriptedDaemon(std::vector<Event> script, DaemonSetup setup) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("socketpair");
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ends[0]);
    std::string verdict;
    try {
      verdict = run_script(std::move(script), setup, ends[1]);
    } catch (const std::exception &problem) {
      verdict = problem.what();
    }
    verdict += '\n';
    const ssize_t sent = write(ends[1], verdict.data(), verdict.size());
    _exit(sent > 0 ? 0 : 1);
  }
  close(ends[1]);
  control_ = ends[0];
  char ready = 0;
  if (read(control_, &ready, 1) != 1 || ready != 'r')
    throw std::runtime_error("the scripted daemon did not start");
}

ScriptedDaemon::~ScriptedDaemon() {
  close(control_);
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

/// A daemon that was told to vanish leaves no line, only a clean exit, which is what its script wanted.
void ScriptedDaemon::must_be_done() {
  shutdown(control_, SHUT_WR);
  std::string verdict;
  char piece[256];
  for (ssize_t got = 0; (got = read(control_, piece, sizeof piece)) > 0;)
    verdict.append(piece, static_cast<std::size_t>(got));
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  if (status != 0) throw Failed("scripted daemon: ended with status " + std::to_string(status));
  if (verdict != "\n" && !verdict.empty()) throw Failed("scripted daemon: " + verdict);
}

}  // namespace passkeyd::test
