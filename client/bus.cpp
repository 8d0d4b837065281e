/// Connecting, finding the daemon, and calling it, each bounded.
#include "client/bus.h"

#include <poll.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include "client/interruption.h"
#include "client/printable.h"

namespace passkeyd {
namespace {

constexpr const char *kDriver = "org.freedesktop.DBus";
constexpr const char *kDriverPath = "/org/freedesktop/DBus";
constexpr std::string_view kDriverErrors = "org.freedesktop.DBus.Error.";
/// NoSuchSession, NoSessionForPID and the like. See org.freedesktop.login1(5).
constexpr std::string_view kLogindHasNone = "org.freedesktop.login1.No";
/// The system user that the daemon runs as.
constexpr const char *kDaemonUser = "passkeyd";

Error bus_error(std::string_view what, int code) {
  Error error = errno_error(what, -code);
  error.kind = code == -ETIMEDOUT ? ErrorKind::Timeout : ErrorKind::Disconnected;
  return error;
}

/// "NotAllowed" -> "not-allowed".
std::string hyphenated(std::string_view camel) {
  std::string name;
  for (const char c : camel) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !name.empty()) name += '-';
    name += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

ErrorKind kind_of(std::string_view name, int code) {
  if (name.starts_with(bus::kErrorPrefix)) {
    name.remove_prefix(std::string_view(bus::kErrorPrefix).size());
    return error_kind_of(hyphenated(name)).value_or(ErrorKind::Internal);
  }
  if (name.starts_with(kDriverErrors)) {
    name.remove_prefix(kDriverErrors.size());
    if (name == "AccessDenied" || name == "InteractiveAuthorizationRequired") return ErrorKind::NotAllowed;
    // NoReply is what the bus says when the other end vanished; our own waiting ends with ETIMEDOUT.
    for (const std::string_view gone :
         {"NoReply", "ServiceUnknown", "NameHasNoOwner", "Disconnected", "UnknownObject"})
      if (name == gone) return ErrorKind::Disconnected;
    if (name.starts_with("Spawn.") || name == "TimedOut")
      return ErrorKind::Disconnected;  // activation failed
  }
  if (name.starts_with(kLogindHasNone)) return ErrorKind::NotFound;
  if (code == -ETIMEDOUT) return ErrorKind::Timeout;
  if (code == -ECONNRESET || code == -ENOTCONN || code == -EPIPE) return ErrorKind::Disconnected;
  return ErrorKind::Internal;
}

Error error_of(std::string_view method, const sd_bus_error &reply, int code) {
  const std::string_view name = reply.name != nullptr ? reply.name : "";
  const std::string_view words = reply.message != nullptr ? reply.message : "";
  return {kind_of(name, code),
          std::string(method) + ": " + printable(name, 128) + ": " + printable(words, 256)};
}

/// nullopt: there is no such user.
std::optional<uid_t> uid_of(const char *user) {
  passwd entry = {};
  passwd *found = nullptr;
  std::vector<char> buffer(1024);
  while (getpwnam_r(user, &entry, buffer.data(), buffer.size(), &found) == ERANGE &&
         buffer.size() < (1U << 20))
    buffer.resize(buffer.size() * 2);
  if (found == nullptr) return std::nullopt;
  return found->pw_uid;
}

/// Root, or the daemon's own user: nobody else may answer for passkeyd, whatever the bus policy on this
/// machine.
bool may_be_daemon(uid_t uid) {
  return uid == 0 || uid == uid_of(kDaemonUser);
}

/// sd-bus would wait 90 seconds for the hello; we pump it ourselves to keep our own time.
Status wait_until_ready(sd_bus *connection, Patience &patience) {
  Patience connecting(patience.at_most(Bus::kConnectTime));
  return patience.spend([&]() -> Status {
    for (;;) {
      const int done = sd_bus_process(connection, nullptr);
      if (done < 0) return bus_error("connect to the bus", done);
      if (sd_bus_is_ready(connection) > 0) return Ok{};
      if (done > 0) continue;
      const Patience::Time left = connecting.at_most(Bus::kConnectTime);
      if (left == Patience::Time::zero()) return bus_error("connect to the bus", -ETIMEDOUT);
      const int waited =
          connecting.spend([&] { return sd_bus_wait(connection, static_cast<std::uint64_t>(left.count())); });
      if (waited < 0 && waited != -EINTR) return bus_error("connect to the bus", waited);
    }
  });
}

void drop_slot(sd_bus_slot *slot) {
  sd_bus_slot_unref(slot);
}

int keep_reply(sd_bus_message *reply, void *into, sd_bus_error *) {
  *static_cast<Message *>(into) = Message(sd_bus_message_ref(reply));
  return 0;
}

/// Waits for the reply, no longer than `most`, or for Ctrl-C.
Status wait_for(sd_bus *connection, const Message &reply, const char *method, Patience::Time most,
                CtrlC ctrl_c) {
  std::optional<Interruption> interruption;
  if (ctrl_c == CtrlC::EndsTheWait) interruption.emplace();
  Patience waiting(most);
  for (;;) {
    const int done = sd_bus_process(connection, nullptr);
    if (reply) return Ok{};
    if (done < 0) return bus_error(method, done);
    if (done > 0) continue;
    const Patience::Time left = waiting.at_most(most);
    if (left == Patience::Time::zero()) return bus_error(method, -ETIMEDOUT);
    const int events = sd_bus_get_events(connection);
    if (events < 0) return bus_error(method, events);
    pollfd watched[] = {{sd_bus_get_fd(connection), static_cast<short>(events), 0},
                        {interruption ? interruption->fd() : -1, POLLIN, 0}};
    const timespec until = {left.count() / 1'000'000, left.count() % 1'000'000 * 1000};
    const int ready = waiting.spend([&] { return ppoll(watched, std::size(watched), &until, nullptr); });
    if (ready < 0 && errno != EINTR) return bus_error(method, -errno);
    if (interruption && interruption->take()) return Error{ErrorKind::Cancelled, "interrupted"};
  }
}

}  // namespace

Result<Bus> Bus::open(Patience &patience, Interactive interactive, CtrlC ctrl_c, const std::string &socket) {
  sd_bus *fresh = nullptr;
  if (const int code = sd_bus_new(&fresh); code < 0) return bus_error("sd_bus_new", code);
  Connection connection(fresh);
  const std::string address = "unix:path=" + socket;
  const std::array steps = {
      sd_bus_set_address(fresh, address.c_str()),
      sd_bus_set_bus_client(fresh, 1),
      sd_bus_set_allow_interactive_authorization(fresh, interactive == Interactive::Yes ? 1 : 0),
      sd_bus_start(fresh),
  };
  for (const int code : steps)
    if (code < 0) return bus_error("open " + socket, code);
  TRY(wait_until_ready(fresh, patience));
  return Bus(std::move(connection), ctrl_c);
}

Result<Message> Bus::call(const char *destination, const char *path, const char *interface,
                          const char *method, const Fill &fill, Patience &patience, Patience::Time most) {
  const Patience::Time left = patience.at_most(most);
  if (left == Patience::Time::zero()) return bus_error(method, -ETIMEDOUT);  // 0 would mean: sd-bus's default
  sd_bus_message *raw = nullptr;
  int code = sd_bus_message_new_method_call(connection_.get(), &raw, destination, path, interface, method);
  const Message request(raw);
  if (code >= 0 && fill) code = fill(raw);
  if (code < 0) return bus_error(method, code);

  Message reply;
  sd_bus_slot *held = nullptr;
  code = sd_bus_call_async(connection_.get(), &held, raw, keep_reply, &reply, UINT64_MAX);
  const Handle<sd_bus_slot, drop_slot> slot(held);
  if (code < 0) return bus_error(method, code);
  TRY(patience.spend([&] { return wait_for(connection_.get(), reply, method, left, ctrl_c_); }));
  const sd_bus_error *refusal = sd_bus_message_get_error(reply.get());
  if (refusal == nullptr) return reply;
  return error_of(method, *refusal, -sd_bus_error_get_errno(refusal));
}

Result<Message> Bus::ask_driver(const char *method, const Fill &fill, Patience &patience,
                                Patience::Time most) {
  return call(kDriver, kDriverPath, kDriver, method, fill, patience, most);
}

Result<std::string> Bus::name_owner(const char *service, Patience &patience) {
  const Message reply = TRY(ask_driver(
      "GetNameOwner", [&](sd_bus_message *m) { return sd_bus_message_append(m, "s", service); }, patience));
  const char *owner = nullptr;
  if (const int code = sd_bus_message_read(reply.get(), "s", &owner); code < 0)
    return bus_error("GetNameOwner", code);
  return std::string(owner);
}

Result<uid_t> Bus::uid_behind(const std::string &connection, Patience &patience) {
  const Message reply = TRY(ask_driver(
      "GetConnectionUnixUser",
      [&](sd_bus_message *m) { return sd_bus_message_append(m, "s", connection.c_str()); }, patience));
  std::uint32_t uid = UINT32_MAX;
  if (const int code = sd_bus_message_read(reply.get(), "u", &uid); code < 0)
    return bus_error("GetConnectionUnixUser", code);
  return uid_t{uid};
}

/// Asks for the owner first: StartServiceByName knows only names that have a service file, and a daemon
/// started by hand needs none. A daemon that had nothing to do may go between two of these questions.
Status Bus::find_daemon(Patience &patience) {
  std::string found;
  const auto who = [&]() -> Result<uid_t> {
    found = TRY(name_owner(bus::kService, patience));
    return uid_behind(found, patience);
  };
  Result<uid_t> uid = who();
  if (!uid && uid.error().kind == ErrorKind::Disconnected) {
    TRY(ask_driver(
        "StartServiceByName",
        [](sd_bus_message *m) { return sd_bus_message_append(m, "su", bus::kService, 0U); }, patience,
        kStartTime));
    uid = who();
  }
  const uid_t owner = TRY(std::move(uid));
  if (!may_be_daemon(owner))
    return Error{ErrorKind::Disconnected,
                 "user " + std::to_string(owner) + " has taken the name of the daemon"};
  daemon_ = found;
  return Ok{};
}

Result<Message> Bus::call_manager(const char *method, const Fill &fill, Patience &patience,
                                  Patience::Time most) {
  const auto once = [&]() -> Result<Message> {
    if (daemon_.empty()) TRY(find_daemon(patience));
    return call(daemon_.c_str(), bus::kPath, bus::kManager, method, fill, patience, most);
  };
  Result<Message> reply = once();
  if (reply || reply.error().kind != ErrorKind::Disconnected || daemon_.empty()) return reply;
  daemon_.clear();
  return once();
}

Result<Message> Bus::call_object(const std::string &path, const char *interface, const char *method,
                                 const Fill &fill, Patience &patience, Patience::Time most) {
  return call(daemon_.c_str(), path.c_str(), interface, method, fill, patience, most);
}

Result<Message> Bus::call_system(const char *service, const char *path, const char *interface,
                                 const char *method, const Fill &fill, Patience &patience,
                                 Patience::Time most) {
  const std::string owner = TRY(name_owner(service, patience));
  const uid_t uid = TRY(uid_behind(owner, patience));
  if (uid != 0)
    return Error{ErrorKind::Disconnected, "user " + std::to_string(uid) + " has taken the name " + service};
  return call(owner.c_str(), path, interface, method, fill, patience, most);
}

void Bus::post(const std::string &path, const char *interface, const char *method) {
  sd_bus_message *raw = nullptr;
  if (sd_bus_message_new_method_call(connection_.get(), &raw, daemon_.c_str(), path.c_str(), interface,
                                     method) < 0)
    return;
  const Message request(raw);
  if (sd_bus_message_set_expect_reply(raw, 0) >= 0) sd_bus_send(connection_.get(), raw, nullptr);
}

int append_text(sd_bus_message *message, const char *key, const std::string &value) {
  return sd_bus_message_append(message, "{sv}", key, "s", value.c_str());
}

}  // namespace passkeyd
