/// Replies as org.freedesktop.login1(5) has them, of the methods that are asked here.
#include "tests/logind/answers.h"

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace passkeyd::test::logind {
namespace {

constexpr const char *kNoSession = "org.freedesktop.login1.NoSessionForPID";
constexpr const char *kNoUser = "org.freedesktop.login1.NoUserForPID";
constexpr uid_t kCrowdsUid = 65533;

void must(int code) {
  if (code < 0) throw std::runtime_error("sd-bus: " + std::to_string(code));
}

/// Session ids are digits and letters here, so the path needs no escapes beyond logind's own for a first
/// digit.
std::string session_path(const std::string &id) {
  return "/org/freedesktop/login1/session/_3" + id;
}
std::string user_path(uid_t uid) {
  return "/org/freedesktop/login1/user/_" + std::to_string(uid);
}
std::string seat_path(const std::string &seat) {
  return seat.empty() ? "/" : "/org/freedesktop/login1/seat/" + seat;
}

Message reply_to(sd_bus_message *call) {
  sd_bus_message *reply = nullptr;
  must(sd_bus_message_new_method_return(call, &reply));
  return Message(reply);
}

Message error_to(sd_bus_message *call, const char *name) {
  sd_bus_message *reply = nullptr;
  must(sd_bus_message_new_method_errorf(call, &reply, name, "as the table has it"));
  return Message(reply);
}

pid_t process_in(sd_bus_message *call) {
  std::uint32_t process = 0;
  must(sd_bus_message_read(call, "u", &process));
  return static_cast<pid_t>(process);
}

Message session_by_pid(sd_bus_message *call, const Table &table) {
  const Session *session = table.session_of(process_in(call));
  if (session == nullptr) return error_to(call, kNoSession);
  Message reply = reply_to(call);
  must(sd_bus_message_append(reply.get(), "o", session_path(session->id).c_str()));
  return reply;
}

/// As logind does, it knows the user of what is in a session, too.
Message user_by_pid(sd_bus_message *call, const Table &table) {
  const pid_t process = process_in(call);
  const Session *session = table.session_of(process);
  const UserManager *manager = table.manager_of(process);
  if (session == nullptr && manager == nullptr) return error_to(call, kNoUser);
  Message reply = reply_to(call);
  const uid_t uid = session != nullptr ? session->uid : manager->uid;
  must(sd_bus_message_append(reply.get(), "o", user_path(uid).c_str()));
  return reply;
}

void append_row(sd_bus_message *reply, const std::string &id, uid_t uid, const std::string &seat) {
  must(sd_bus_message_append(reply, "(susso)", id.c_str(), uid, "somebody", seat.c_str(),
                             session_path(id).c_str()));
}

Message list_sessions(sd_bus_message *call, const Table &table) {
  Message reply = reply_to(call);
  must(sd_bus_message_open_container(reply.get(), 'a', "(susso)"));
  for (const Session &session : table.sessions)
    append_row(reply.get(), session.id, session.uid, session.seat);
  for (unsigned number = 0; number < table.crowd; ++number)
    append_row(reply.get(), "c" + std::to_string(number), kCrowdsUid, "");
  must(sd_bus_message_close_container(reply.get()));
  return reply;
}

Message all_of_session(sd_bus_message *call, const Table &table, bool turned) {
  const std::string path = sd_bus_message_get_path(call);
  const auto found = std::ranges::find_if(
      table.sessions, [&](const Session &session) { return session_path(session.id) == path; });
  if (found == table.sessions.end()) return error_to(call, SD_BUS_ERROR_UNKNOWN_OBJECT);
  Message reply = reply_to(call);
  sd_bus_message *into = reply.get();
  const auto append = [&](const char *name, const char *type, auto... values) {
    if (table.lacking.contains(name)) return;
    if (table.mistyped.contains(name))
      must(sd_bus_message_append(into, "{sv}", name, "d", 0.5));
    else
      must(sd_bus_message_append(into, "{sv}", name, type, values...));
  };
  must(sd_bus_message_open_container(into, 'a', "{sv}"));
  append("Id", "s", found->id.c_str());
  append("User", "(uo)", found->uid, user_path(found->uid).c_str());
  append("Seat", "(so)", found->seat.c_str(), seat_path(found->seat).c_str());
  append("Type", "s", found->type.c_str());
  append("Class", "s", found->user_class.c_str());
  append("Service", "s", found->service.c_str());
  append("State", "s", found->state.c_str());
  append("Remote", "b", static_cast<int>(found->remote != turned));
  append("Active", "b", static_cast<int>(found->active));
  append("Leader", "u", 1U);
  must(sd_bus_message_close_container(into));
  return reply;
}

/// The first of that user's sessions in front of a seat.
Message display(sd_bus_message *call, uid_t uid, const Table &table) {
  const auto found = std::ranges::find_if(
      table.sessions, [&](const Session &session) { return session.uid == uid && !session.seat.empty(); });
  const bool none = found == table.sessions.end();
  Message reply = reply_to(call);
  must(sd_bus_message_append(reply.get(), "v", "(so)", none ? "" : found->id.c_str(),
                             none ? "/" : session_path(found->id).c_str()));
  return reply;
}

/// Of a user, UID and Display are asked for so.
Message one_property(sd_bus_message *call, const Table &table) {
  const std::string path = sd_bus_message_get_path(call);
  const char *interface = nullptr;
  const char *property = "";
  must(sd_bus_message_read(call, "ss", &interface, &property));
  if (std::string_view(property) == "Display")
    return display(call, static_cast<uid_t>(std::stoul(path.substr(path.rfind('_') + 1))), table);
  Message reply = reply_to(call);
  must(sd_bus_message_append(reply.get(), "v", "u",
                             static_cast<std::uint32_t>(std::stoul(path.substr(path.rfind('_') + 1)))));
  return reply;
}

/// Nothing ends; the table stays as it is.
Message end_of_user(sd_bus_message *call, const Table &table) {
  std::uint32_t uid = 0;
  must(sd_bus_message_rewind(call, 1));
  must(sd_bus_message_read(call, "u", &uid));
  const bool there =
      std::ranges::any_of(table.sessions, [&](const Session &each) { return each.uid == uid; }) ||
      std::ranges::any_of(table.managers, [&](const UserManager &each) { return each.uid == uid; });
  return there ? reply_to(call) : error_to(call, "org.freedesktop.login1.NoSuchUser");
}

Message end_of_session(sd_bus_message *call, const Table &table) {
  const char *id = "";
  must(sd_bus_message_rewind(call, 1));
  must(sd_bus_message_read(call, "s", &id));
  const bool there = std::ranges::any_of(table.sessions, [&](const Session &each) { return each.id == id; });
  return there ? reply_to(call) : error_to(call, "org.freedesktop.login1.NoSuchSession");
}

Message nonsense(sd_bus_message *call) {
  Message reply = reply_to(call);
  must(sd_bus_message_append(reply.get(), "d", 0.5));
  return reply;
}

}  // namespace

Message answer(sd_bus_message *call, const Table &table, bool turned) {
  const std::string method = sd_bus_message_get_member(call);
  const auto manner = table.manners.find(method);
  if (manner != table.manners.end() && manner->second == Manner::Refuse)
    return error_to(call, SD_BUS_ERROR_ACCESS_DENIED);
  if (manner != table.manners.end() && manner->second == Manner::Nonsense) return nonsense(call);
  if (method == "GetSessionByPID") return session_by_pid(call, table);
  if (method == "GetUserByPID") return user_by_pid(call, table);
  if (method == "ListSessions") return list_sessions(call, table);
  if (method == "GetAll") return all_of_session(call, table, turned);
  if (method == "Get") return one_property(call, table);
  if (method == "TerminateUser") return end_of_user(call, table);
  if (method == "TerminateSession") return end_of_session(call, table);
  return error_to(call, SD_BUS_ERROR_UNKNOWN_METHOD);
}

}  // namespace passkeyd::test::logind
