/// Asking logind, and finding out which session is our own.
#include "client/sessions.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace passkeyd {
namespace {

constexpr const char *kLogind = "org.freedesktop.login1";
constexpr const char *kPath = "/org/freedesktop/login1";
constexpr const char *kManager = "org.freedesktop.login1.Manager";
constexpr const char *kProperties = "org.freedesktop.DBus.Properties";
constexpr const char *kUser = "org.freedesktop.login1.User";
constexpr std::size_t kMaxSessions = 4096;

struct Session {
  std::string id;
  std::string path;
};

Error malformed(const char *method) {
  return {ErrorKind::Malformed, std::string("logind: ") + method + ": the answer has another form"};
}

Result<Message> ask(Bus &bus, const char *method, const Bus::Fill &fill, Patience &patience) {
  return bus.call_system(kLogind, kPath, kManager, method, fill, patience);
}

Result<std::vector<Session>> sessions_of(Bus &bus, uid_t uid, Patience &patience) {
  const Message reply = TRY(ask(bus, "ListSessions", {}, patience));
  if (sd_bus_message_has_signature(reply.get(), "a(susso)") <= 0 ||
      sd_bus_message_enter_container(reply.get(), 'a', "(susso)") < 0)
    return malformed("ListSessions");
  std::vector<Session> own;
  const char *id = nullptr;
  const char *user = nullptr;
  const char *seat = nullptr;
  const char *path = nullptr;
  std::uint32_t owner = 0;
  int more = 0;
  while ((more = sd_bus_message_read(reply.get(), "(susso)", &id, &owner, &user, &seat, &path)) > 0) {
    if (owner != uid) continue;
    if (own.size() == kMaxSessions) return malformed("ListSessions");
    own.push_back({id, path});
  }
  if (more < 0) return malformed("ListSessions");
  return own;
}

/// The object that `method` has for this process; nullopt: it has none.
Result<std::optional<std::string>> object_of_this_process(Bus &bus, const char *method, Patience &patience) {
  const auto fill = [](sd_bus_message *call) {
    return sd_bus_message_append(call, "u", static_cast<std::uint32_t>(getpid()));
  };
  const Result<Message> reply = ask(bus, method, fill, patience);
  if (!reply && reply.error().kind == ErrorKind::NotFound) return std::optional<std::string>();
  if (!reply) return reply.error();
  const char *path = nullptr;
  if (sd_bus_message_has_signature(reply->get(), "o") <= 0 ||
      sd_bus_message_read(reply->get(), "o", &path) <= 0)
    return malformed(method);
  return std::optional<std::string>(path);
}

/// The session in front of which the user of that object sits.
Result<std::string> display_of(Bus &bus, const std::string &user, Patience &patience) {
  const auto fill = [](sd_bus_message *call) { return sd_bus_message_append(call, "ss", kUser, "Display"); };
  const Message reply = TRY(bus.call_system(kLogind, user.c_str(), kProperties, "Get", fill, patience));
  const char *id = nullptr;
  const char *path = nullptr;
  if (sd_bus_message_read(reply.get(), "v", "(so)", &id, &path) <= 0) return malformed("Get Display");
  return std::string(path);
}

/// The session to leave alone, because this process belongs to it. A desktop's terminals run beside their
/// session, in the user's service manager; what is in front of the person is then theirs, or "/" if nothing
/// is. nullopt: this process is none of that user's.
Result<std::optional<std::string>> own_session(Bus &bus, uid_t uid, const std::vector<Session> &sessions,
                                               Patience &patience) {
  const std::optional<std::string> own = TRY(object_of_this_process(bus, "GetSessionByPID", patience));
  if (own) {
    const bool theirs =
        std::any_of(sessions.begin(), sessions.end(), [&](const Session &each) { return each.path == *own; });
    return theirs ? own : std::optional<std::string>();
  }
  const std::optional<std::string> user = TRY(object_of_this_process(bus, "GetUserByPID", patience));
  if (!user || *user != std::string(kPath) + "/user/_" + std::to_string(uid))
    return std::optional<std::string>();
  return std::optional<std::string>(TRY(display_of(bus, *user, patience)));
}

/// That it has ended by itself meanwhile is as good.
Status terminate(Bus &bus, const char *method, const Bus::Fill &arguments, Patience &patience) {
  const auto fill = [&](sd_bus_message *call) {
    const int code = sd_bus_message_set_allow_interactive_authorization(call, 1);
    return code < 0 ? code : arguments(call);
  };
  const Result<Message> done =
      bus.call_system(kLogind, kPath, kManager, method, fill, patience, Bus::kAuthorityTime);
  if (!done && done.error().kind != ErrorKind::NotFound) return done.error();
  return Ok{};
}

/// All but `own`; one that cannot be ended does not keep the others going.
Result<SignedOut> end_others(Bus &bus, const std::vector<Session> &sessions, const std::string &own,
                             Patience &patience) {
  SignedOut out{0, true};
  std::optional<Error> trouble;
  for (const Session &session : sessions) {
    if (session.path == own) continue;
    const auto id = [&](sd_bus_message *call) {
      return sd_bus_message_append(call, "s", session.id.c_str());
    };
    const Status ended = terminate(bus, "TerminateSession", id, patience);
    if (ended)
      ++out.ended;
    else
      trouble = ended.error();
  }
  if (trouble) return *trouble;
  return out;
}

}  // namespace

Result<SignedOut> end_sessions(Bus &bus, uid_t uid, Patience &patience) {
  const std::vector<Session> sessions = TRY(sessions_of(bus, uid, patience));
  const std::optional<std::string> own = TRY(own_session(bus, uid, sessions, patience));
  if (own) return end_others(bus, sessions, *own, patience);
  const auto number = [&](sd_bus_message *call) {
    return sd_bus_message_append(call, "u", std::uint32_t{uid});
  };
  TRY(terminate(bus, "TerminateUser", number, patience));
  return SignedOut{sessions.size(), false};
}

}  // namespace passkeyd
