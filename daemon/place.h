/// Place: deciding where the person who wants in is, from what the host and logind said. Pure: values in, a
/// place out.
///
/// A local authenticator is only for somebody who sits at this machine. So every rule here asks for a reason
/// to say Local, and whatever it does not recognise is Remote, which costs the person a passkey but not the
/// way in.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/limit.h"

namespace passkeyd {

/// What is known of a login before logind is asked.
struct Asked {
  std::string service;      ///< PAM service
  std::string tty;          ///< PAM_TTY; empty if none
  std::string remote_host;  ///< PAM_RHOST; empty if none
  std::string own_host;     ///< this machine's host name
  uid_t caller_uid = static_cast<uid_t>(-1);
  std::optional<uid_t> target = {};  ///< whom the login is for, if that is known
};

/// One of logind's sessions, as it described it.
struct SeenSession {
  uid_t uid = static_cast<uid_t>(-1);
  bool callers = false;  ///< the caller's process is in it
  bool remote = true;
  bool active = false;    ///< in the foreground of its seat
  std::string state;      ///< "active", "online", "closing"
  std::string user_type;  ///< logind's Class: "user", "greeter", "background", ...
  std::string seat;       ///< "seat0"; empty: at no screen and keyboard of this machine
  std::string service;    ///< the PAM service that opened it
};

/// What the caller's process belongs to.
enum class Belongs {
  Unknown,
  NoLogind,       ///< to nothing: this machine has no logind
  ToSession,      ///< to one of the sessions below
  ToUserManager,  ///< to user@.service, where desktops keep their terminals: to a person, but to none of the
                  ///< sessions
  ToSystem,       ///< to a system service, such as a display manager's or a getty's
};

/// What logind said.
struct Sightings {
  Belongs caller = Belongs::Unknown;
  uid_t owner = static_cast<uid_t>(-1);  ///< of the session or the user manager
  std::vector<SeenSession> sessions =
      {};  ///< all of the owner's; for a system service, see asks_about_everybody
};

/// True if no word of logind can make this login a local one: it comes through a service of the network, or
/// PAM_RHOST names another machine.
bool comes_over_the_network(const Asked &asked);

/// True if, for a caller in a system service, it matters who else is signed in. False: only the target's
/// sessions do.
bool asks_about_everybody(std::string_view service);

Place place_from(const Asked &asked, const Sightings &seen);

}  // namespace passkeyd
