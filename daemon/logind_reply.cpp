/// Parsing, field by field.
#include "daemon/logind_reply.h"

#include <cstring>
#include <optional>

namespace passkeyd {
namespace {

/// A session has some thirty properties.
constexpr std::size_t kMostProperties = 256;
/// No word that is compared is nearly as long.
constexpr std::size_t kLongestWord = 255;

Error malformed(const char *what) {
  return {ErrorKind::Malformed, std::string("logind's answer is not of the documented form: ") + what};
}

/// The properties that were found so far.
struct Found {
  std::optional<uid_t> uid;
  std::optional<bool> remote;
  std::optional<bool> active;
  std::optional<std::string> state;
  std::optional<std::string> user_type;
  std::optional<std::string> seat;
  std::optional<std::string> service;
};

int keep_word(const char *word, std::optional<std::string> &into) {
  if (strlen(word) > kLongestWord) return -EBADMSG;
  into = word;
  return 0;
}

int read_word(sd_bus_message *reply, std::optional<std::string> &into) {
  const char *word = nullptr;
  const int got = sd_bus_message_read(reply, "v", "s", &word);
  return got < 0 ? got : keep_word(word, into);
}

int read_flag(sd_bus_message *reply, std::optional<bool> &into) {
  int flag = 0;
  const int got = sd_bus_message_read(reply, "v", "b", &flag);
  if (got >= 0) into = flag != 0;
  return got;
}

/// One property's value. A wrong type is an error of sd_bus_message_read.
int read_property(sd_bus_message *reply, std::string_view name, Found &found) {
  const char *path = nullptr;
  if (name == "Remote") return read_flag(reply, found.remote);
  if (name == "Active") return read_flag(reply, found.active);
  if (name == "State") return read_word(reply, found.state);
  if (name == "Class") return read_word(reply, found.user_type);
  if (name == "Service") return read_word(reply, found.service);
  if (name == "Seat") {
    const char *seat = nullptr;
    const int got = sd_bus_message_read(reply, "v", "(so)", &seat, &path);
    return got < 0 ? got : keep_word(seat, found.seat);
  }
  if (name == "User") {
    std::uint32_t uid = 0;
    const int got = sd_bus_message_read(reply, "v", "(uo)", &uid, &path);
    if (got >= 0) found.uid = uid;
    return got;
  }
  return sd_bus_message_skip(reply, "v");
}

}  // namespace

Result<std::string> read_path(sd_bus_message *reply) {
  const char *path = nullptr;
  if (sd_bus_message_has_signature(reply, "o") <= 0 || sd_bus_message_read(reply, "o", &path) <= 0)
    return malformed("a path");
  return std::string(path);
}

Result<std::uint32_t> read_number_property(sd_bus_message *reply) {
  std::uint32_t number = 0;
  if (sd_bus_message_has_signature(reply, "v") <= 0 || sd_bus_message_read(reply, "v", "u", &number) <= 0)
    return malformed("a number's property");
  return number;
}

Result<std::vector<ListedSession>> read_list(sd_bus_message *reply, std::size_t most) {
  std::vector<ListedSession> sessions;
  if (sd_bus_message_has_signature(reply, "a(susso)") <= 0) return malformed("the list of sessions");
  int got = sd_bus_message_enter_container(reply, 'a', "(susso)");
  while (got >= 0) {
    const char *text = nullptr;  // the session's id, user name and seat, which are not needed
    const char *path = nullptr;
    std::uint32_t uid = 0;
    got = sd_bus_message_read(reply, "(susso)", &text, &uid, &text, &text, &path);
    if (got == 0) return sessions;
    if (got < 0) break;
    if (sessions.size() == most) return Error{ErrorKind::Limited, "logind has too many sessions to look at"};
    sessions.push_back({uid, path});
  }
  return malformed("the list of sessions");
}

Result<SeenSession> read_session(sd_bus_message *reply) {
  Found found;
  if (sd_bus_message_has_signature(reply, "a{sv}") <= 0) return malformed("a session");
  int got = sd_bus_message_enter_container(reply, 'a', "{sv}");
  for (std::size_t count = 0; got >= 0 && (got = sd_bus_message_enter_container(reply, 'e', "sv")) > 0;
       ++count) {
    const char *name = nullptr;
    if (count == kMostProperties) return malformed("a session has too many properties");
    got = sd_bus_message_read(reply, "s", &name);
    if (got >= 0) got = read_property(reply, name, found);
    if (got >= 0) got = sd_bus_message_exit_container(reply);
  }
  if (got < 0) return malformed("a session's property");
  if (!found.uid || !found.remote || !found.active || !found.state || !found.user_type || !found.seat ||
      !found.service)
    return malformed("a session lacks a property");
  SeenSession session;
  session.uid = *found.uid;
  session.remote = *found.remote;
  session.active = *found.active;
  session.state = *found.state;
  session.user_type = *found.user_type;
  session.seat = *found.seat;
  session.service = *found.service;
  return session;
}

}  // namespace passkeyd
