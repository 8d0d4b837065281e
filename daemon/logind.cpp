/// The questions, in order: who is logind; what does the process belong to; which sessions are there; and
/// each of those that matter, one after the other.
#include "daemon/logind.h"

#include <unistd.h>

#include <algorithm>

#include "common/log.h"
#include "daemon/bus.h"
#include "daemon/logind_reply.h"
#include "daemon/mailbox.h"

namespace passkeyd {
namespace {

constexpr const char *kLogind = "org.freedesktop.login1";
constexpr const char *kLogindPath = "/org/freedesktop/login1";
constexpr const char *kManager = "org.freedesktop.login1.Manager";
constexpr const char *kSession = "org.freedesktop.login1.Session";
constexpr const char *kUser = "org.freedesktop.login1.User";
constexpr const char *kProperties = "org.freedesktop.DBus.Properties";
constexpr const char *kDriver = "org.freedesktop.DBus";
constexpr const char *kDriverPath = "/org/freedesktop/DBus";

/// Made by logind, or for it when the machine starts. Where it exists, a logind that cannot be reached is
/// broken, not absent, and what it would have said is not known.
constexpr const char *kLogindWasHere = "/run/systemd/seats";

/// One login's questions.
struct Inquiry {
  sd_event *loop;
  sd_bus *bus;
  std::uint64_t deadline;   ///< monotonic, microseconds
  std::string logind = {};  ///< its unique bus name, once root is known to own it
};

struct Method {
  const char *destination;
  const char *path;
  const char *interface;
  const char *name;
};

std::uint64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec) / 1'000;
}

template <class... Values>
BusMessage compose(const Inquiry &inquiry, const Method &method, const char *types, Values... values) {
  sd_bus_message *held = nullptr;
  int failed = sd_bus_message_new_method_call(inquiry.bus, &held, method.destination, method.path,
                                              method.interface, method.name);
  BusMessage message(held);
  if (failed >= 0) failed = sd_bus_message_append(held, types, values...);
  return failed < 0 ? nullptr : std::move(message);
}

/// Logind's own methods and properties go to whom was checked, not to the name, which may change hands.
BusMessage to_manager(const Inquiry &inquiry, const char *name, pid_t process) {
  return compose(inquiry, {inquiry.logind.c_str(), kLogindPath, kManager, name}, "u",
                 static_cast<std::uint32_t>(process));
}

bool is_error(sd_bus_message *reply, const char *name) {
  return sd_bus_message_is_method_error(reply, name) > 0;
}

/// What went wrong, for the log. The name of an error is short and printable by the bus's own rules.
Error failure(sd_bus_message *reply) {
  const sd_bus_error *said = sd_bus_message_get_error(reply);
  const std::string name =
      said != nullptr && said->name != nullptr ? said->name : "an answer that was not asked for";
  const bool late = name == SD_BUS_ERROR_NO_REPLY || name == SD_BUS_ERROR_TIMEOUT;
  return {late ? ErrorKind::Timeout : ErrorKind::Io, "logind: " + log_safe(name)};
}

/// The reply, which may be an error of whom was asked. Dropping this task forgets the call.
Task<Result<BusMessage>> ask(const Inquiry &inquiry, BusMessage question) {
  if (!question) co_return Error{ErrorKind::Internal, "a question to logind cannot be put"};
  const std::uint64_t begin = now();
  if (begin >= inquiry.deadline) co_return Error{ErrorKind::Timeout, "logind takes too long"};
  const auto arrived = [](sd_bus_message *reply, void *box, sd_bus_error *) {
    static_cast<Mailbox<BusMessage> *>(box)->post(keep(reply));
    return 0;
  };
  Mailbox<BusMessage> replies(inquiry.loop);
  sd_bus_slot *held = nullptr;
  const int failed =
      sd_bus_call_async(inquiry.bus, &held, question.get(), arrived, &replies, inquiry.deadline - begin);
  if (failed < 0) co_return errno_error("ask logind", -failed);
  const BusSlot pending(held);  // after the mailbox: it ends first
  BusMessage reply = co_await replies.next();
  // Nobody else may answer in its place; the bus writes the sender, so this is worth looking at. What sd-bus
  // itself says (too late, bus gone) has another sender as well, and is a failure, too.
  const char *sender = sd_bus_message_get_sender(reply.get());
  const char *asked = sd_bus_message_get_destination(question.get());
  if (sender == nullptr || asked == nullptr || std::string_view(sender) != asked)
    co_return failure(reply.get());
  co_return reply;
}

/// The same for a question that has no answer but a good one.
Task<Result<BusMessage>> ask_plainly(const Inquiry &inquiry, BusMessage question) {
  Result<BusMessage> reply = co_await ask(inquiry, std::move(question));
  if (reply && is_error(reply->get(), nullptr)) co_return failure(reply->get());
  co_return reply;
}

bool says_nobody_is_there(sd_bus_message *reply) {
  const sd_bus_error *said = sd_bus_message_get_error(reply);
  if (said == nullptr || said->name == nullptr) return false;
  const std::string_view name = said->name;
  return name == SD_BUS_ERROR_SERVICE_UNKNOWN || name == SD_BUS_ERROR_NAME_HAS_NO_OWNER ||
         name.starts_with("org.freedesktop.DBus.Error.Spawn.");
}

BusMessage to_driver(const Inquiry &inquiry, const char *name, const char *about) {
  return compose(inquiry, {kDriver, kDriverPath, kDriver, name}, "s", about);
}

/// Lets the bus start logind. False: it cannot, and this machine has none.
Task<Result<bool>> start_logind(const Inquiry &inquiry) {
  const Method start{kDriver, kDriverPath, kDriver, "StartServiceByName"};
  const Result<BusMessage> started = co_await ask(inquiry, compose(inquiry, start, "su", kLogind, 0U));
  if (!started) co_return started.error();
  if (says_nobody_is_there(started->get()) && access(kLogindWasHere, F_OK) != 0) co_return false;
  if (is_error(started->get(), nullptr)) co_return failure(started->get());
  co_return true;
}

/// Finds logind, and whose it is. False: this machine has none.
Task<Result<bool>> find_logind(Inquiry &inquiry) {
  Result<BusMessage> owned = co_await ask(inquiry, to_driver(inquiry, "GetNameOwner", kLogind));
  if (owned && says_nobody_is_there(owned->get())) {
    const Result<bool> started = co_await start_logind(inquiry);
    if (!started || !started.value()) co_return started;
    owned = co_await ask(inquiry, to_driver(inquiry, "GetNameOwner", kLogind));
  }
  if (!owned) co_return owned.error();
  if (is_error(owned->get(), nullptr)) co_return failure(owned->get());
  const Result<std::string> owner = read_text(owned->get());
  if (!owner) co_return owner.error();
  const Result<BusMessage> known =
      co_await ask_plainly(inquiry, to_driver(inquiry, "GetConnectionUnixUser", owner->c_str()));
  if (!known) co_return known.error();
  const Result<std::uint32_t> uid = read_number(known->get());
  if (!uid) co_return uid.error();
  if (uid.value() != 0) co_return Error{ErrorKind::NotAllowed, "logind's bus name is not root's"};
  inquiry.logind = owner.value();
  co_return true;
}

struct Membership {
  Belongs caller = Belongs::Unknown;
  std::string session = {};              ///< its path, for ToSession
  uid_t owner = static_cast<uid_t>(-1);  ///< for ToUserManager
};

/// By the process's control group. What runs in user@.service has no session, but is in its user's slice.
Task<Result<Membership>> find_membership(const Inquiry &inquiry, pid_t process) {
  const Result<BusMessage> session = co_await ask(inquiry, to_manager(inquiry, "GetSessionByPID", process));
  if (!session) co_return session.error();
  if (!is_error(session->get(), nullptr)) {
    Result<std::string> path = read_path(session->get());
    if (!path) co_return path.error();
    co_return Membership{Belongs::ToSession, std::move(path).value()};
  }
  if (!is_error(session->get(), "org.freedesktop.login1.NoSessionForPID")) co_return failure(session->get());

  const Result<BusMessage> user = co_await ask(inquiry, to_manager(inquiry, "GetUserByPID", process));
  if (!user) co_return user.error();
  if (is_error(user->get(), "org.freedesktop.login1.NoUserForPID")) co_return Membership{Belongs::ToSystem};
  if (is_error(user->get(), nullptr)) co_return failure(user->get());
  const Result<std::string> path = read_path(user->get());
  if (!path) co_return path.error();
  const Method get{inquiry.logind.c_str(), path->c_str(), kProperties, "Get"};
  const Result<BusMessage> property =
      co_await ask_plainly(inquiry, compose(inquiry, get, "ss", kUser, "UID"));
  if (!property) co_return property.error();
  const Result<std::uint32_t> uid = read_number_property(property->get());
  if (!uid) co_return uid.error();
  co_return Membership{Belongs::ToUserManager, {}, uid.value()};
}

Task<Result<SeenSession>> look_at(const Inquiry &inquiry, ListedSession listed) {
  const Method get_all{inquiry.logind.c_str(), listed.path.c_str(), kProperties, "GetAll"};
  const Result<BusMessage> reply = co_await ask_plainly(inquiry, compose(inquiry, get_all, "s", kSession));
  if (!reply) co_return reply.error();
  Result<SeenSession> session = read_session(reply->get());
  if (session && session->uid != listed.uid)
    co_return Error{ErrorKind::Malformed, "logind says two things about whose a session is"};
  co_return session;
}

/// Fills in the owner of the caller's session.
Status find_owner(Membership &caller, const std::vector<ListedSession> &listed) {
  if (caller.caller != Belongs::ToSession) return Ok{};
  const auto own = std::ranges::find(listed, caller.session, &ListedSession::path);
  if (own == listed.end()) return Error{ErrorKind::Malformed, "logind does not list the caller's session"};
  caller.owner = own->uid;
  return Ok{};
}

}  // namespace

Task<Result<Sightings>> ask_logind(sd_event *loop, sd_bus *bus, pid_t process, Interest interest) {
  Inquiry inquiry{loop, bus, now() + std::uint64_t{std::chrono::microseconds(kLogindDeadline).count()}};
  if (process <= 0) co_return Error{ErrorKind::InvalidInput, "the bus does not say which process is calling"};
  const Result<bool> there = co_await find_logind(inquiry);
  if (!there) co_return there.error();
  if (!there.value()) co_return Sightings{.caller = Belongs::NoLogind};
  Result<Membership> caller = co_await find_membership(inquiry, process);
  if (!caller) co_return caller.error();

  const Method list{inquiry.logind.c_str(), kLogindPath, kManager, "ListSessions"};
  const Result<BusMessage> reply = co_await ask_plainly(inquiry, compose(inquiry, list, ""));
  if (!reply) co_return reply.error();
  const Result<std::vector<ListedSession>> listed = read_list(reply->get(), kMostListed);
  if (!listed) co_return listed.error();
  const Status owned = find_owner(caller.value(), listed.value());
  if (!owned) co_return owned.error();

  Sightings seen{caller->caller, caller->owner};
  if (seen.caller != Belongs::ToSystem) interest = {.person = seen.owner};
  for (const ListedSession &one : listed.value()) {
    if (!interest.everybody && interest.person != one.uid) continue;
    if (seen.sessions.size() == kMostSessions)
      co_return Error{ErrorKind::Limited, "logind has too many sessions to look at"};
    Result<SeenSession> session = co_await look_at(inquiry, one);
    if (!session) co_return session.error();
    session->callers = one.path == caller->session;
    seen.sessions.push_back(std::move(session).value());
  }
  co_return seen;
}

}  // namespace passkeyd
