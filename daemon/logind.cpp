/// The questions, in order: who is logind; what does the process belong to; which sessions are there; and
/// each of those that matter, one after the other.
#include "daemon/logind.h"

#include <unistd.h>

#include <algorithm>

#include "daemon/inquiry.h"
#include "daemon/logind_reply.h"

namespace passkeyd {
namespace {

constexpr const char *kLogind = "org.freedesktop.login1";
constexpr const char *kLogindPath = "/org/freedesktop/login1";
constexpr const char *kManager = "org.freedesktop.login1.Manager";
constexpr const char *kSession = "org.freedesktop.login1.Session";
constexpr const char *kUser = "org.freedesktop.login1.User";
constexpr const char *kProperties = "org.freedesktop.DBus.Properties";

/// Made by logind, or for it when the machine starts. Where it exists, a logind that cannot be reached is
/// broken, not absent, and what it would have said is not known.
constexpr const char *kLogindWasHere = "/run/systemd/seats";

/// One login's questions.
struct Questions : Inquiry {
  std::string logind = {};  ///< its unique bus name, once root is known to own it
};

/// Logind's own methods and properties go to whom was checked, not to the name, which may change hands.
BusMessage to_manager(const Questions &inquiry, const char *name, pid_t process) {
  return compose(inquiry, {inquiry.logind.c_str(), kLogindPath, kManager, name}, "u",
                 static_cast<std::uint32_t>(process));
}

/// Finds logind, and whose it is. False: this machine has none.
Task<Result<bool>> find_logind(Questions &inquiry) {
  const Result<std::optional<NameOwner>> owner = co_await find_owner(inquiry, kLogind);
  if (!owner) co_return owner.error();
  if (!owner.value() && access(kLogindWasHere, F_OK) == 0)
    co_return Error{ErrorKind::Io, "logind was here and cannot be reached"};
  if (!owner.value()) co_return false;
  if (owner.value()->uid != 0) co_return Error{ErrorKind::NotAllowed, "logind's bus name is not root's"};
  inquiry.logind = owner.value()->unique_name;
  co_return true;
}

struct Membership {
  Belongs caller = Belongs::Unknown;
  std::string session = {};              ///< its path, for ToSession
  uid_t owner = static_cast<uid_t>(-1);  ///< for ToUserManager
};

/// By the process's control group. What runs in user@.service has no session, but is in its user's slice.
Task<Result<Membership>> find_membership(const Questions &inquiry, pid_t process) {
  const Result<BusMessage> session = co_await ask(inquiry, to_manager(inquiry, "GetSessionByPID", process));
  if (!session) co_return session.error();
  if (!is_error(session->get(), nullptr)) {
    Result<std::string> path = read_path(session->get());
    if (!path) co_return path.error();
    co_return Membership{Belongs::ToSession, std::move(path).value()};
  }
  if (!is_error(session->get(), "org.freedesktop.login1.NoSessionForPID"))
    co_return failure(inquiry, session->get());

  const Result<BusMessage> user = co_await ask(inquiry, to_manager(inquiry, "GetUserByPID", process));
  if (!user) co_return user.error();
  if (is_error(user->get(), "org.freedesktop.login1.NoUserForPID")) co_return Membership{Belongs::ToSystem};
  if (is_error(user->get(), nullptr)) co_return failure(inquiry, user->get());
  const Result<std::string> path = read_path(user->get());
  if (!path) co_return path.error();
  const BusMethod get{inquiry.logind.c_str(), path->c_str(), kProperties, "Get"};
  const Result<BusMessage> property =
      co_await ask_plainly(inquiry, compose(inquiry, get, "ss", kUser, "UID"));
  if (!property) co_return property.error();
  const Result<std::uint32_t> uid = read_number_property(property->get());
  if (!uid) co_return uid.error();
  co_return Membership{Belongs::ToUserManager, {}, uid.value()};
}

Task<Result<SeenSession>> look_at(const Questions &inquiry, ListedSession listed) {
  const BusMethod get_all{inquiry.logind.c_str(), listed.path.c_str(), kProperties, "GetAll"};
  const Result<BusMessage> reply = co_await ask_plainly(inquiry, compose(inquiry, get_all, "s", kSession));
  if (!reply) co_return reply.error();
  Result<SeenSession> session = read_session(reply->get());
  if (session && session->uid != listed.uid)
    co_return Error{ErrorKind::Malformed, "logind says two things about whose a session is"};
  co_return session;
}

/// Fills in the owner of the caller's session.
Status find_owner_of(Membership &caller, const std::vector<ListedSession> &listed) {
  if (caller.caller != Belongs::ToSession) return Ok{};
  const auto own = std::ranges::find(listed, caller.session, &ListedSession::path);
  if (own == listed.end()) return Error{ErrorKind::Malformed, "logind does not list the caller's session"};
  caller.owner = own->uid;
  return Ok{};
}

}  // namespace

Task<Result<Sightings>> ask_logind(sd_event *loop, sd_bus *bus, pid_t process, Interest interest,
                                   std::chrono::seconds deadline) {
  Questions inquiry{Inquiry::within(deadline, loop, bus, "logind")};
  if (process <= 0) co_return Error{ErrorKind::InvalidInput, "the bus does not say which process is calling"};
  const Result<bool> there = co_await find_logind(inquiry);
  if (!there) co_return there.error();
  if (!there.value()) co_return Sightings{.caller = Belongs::NoLogind};
  Result<Membership> caller = co_await find_membership(inquiry, process);
  if (!caller) co_return caller.error();

  const BusMethod list{inquiry.logind.c_str(), kLogindPath, kManager, "ListSessions"};
  const Result<BusMessage> reply = co_await ask_plainly(inquiry, compose(inquiry, list, ""));
  if (!reply) co_return reply.error();
  const Result<std::vector<ListedSession>> listed = read_list(reply->get(), kMostListed);
  if (!listed) co_return listed.error();
  const Status owned = find_owner_of(caller.value(), listed.value());
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
