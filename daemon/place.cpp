/// The rules, and the two tables of PAM services that they know by name.
#include "daemon/place.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace passkeyd {
namespace {

/// Services that let people in over the network. They are remote even from "localhost": the other end of a
/// tunnel, or of a web page, looks just like that. Sessions that they opened are remote, too, whatever logind
/// calls them: it goes by PAM_RHOST. A name ending in '*' stands for all that begin so.
constexpr std::string_view kNetworkServices[] = {
    // shells and desktops
    "sshd*", "ssh", "dropbear", "remote", "rlogin", "rsh", "rexec", "telnet*", "xrdp*", "x2go*", "vnc*",
    "tigervnc*", "x11vnc", "gnome-remote-desktop*", "cockpit*", "webmin", "usermin", "ttyd", "shellinabox*",
    "rstudio*", "jupyter*",
    // files, mail, the web
    "ftp", "ftpd", "vsftpd", "proftpd", "pure-ftpd", "samba*", "netatalk", "cups*", "dovecot*", "imap*",
    "pop3*", "smtp*", "sieve", "cyrus*", "exim*", "postfix*", "httpd*", "apache*", "nginx*", "squid*",
    // tunnels, directories, databases, and who asks for others
    "openvpn*", "ocserv", "strongswan*", "ppp", "radiusd", "freeradius*", "ldap*", "slapd", "saslauthd",
    "mysql*", "mariadb*", "postgres*", "ejabberd*", "prosody*"};

/// Services that stand at this machine's own doors: before the greeter's screen, at a lock screen. They run
/// as system services, so that no session tells where they are. Not "login": login(1) names its terminal, and
/// who borrows its service without one serves the web.
constexpr std::string_view kLocalDoors[] = {"gdm*", "lightdm*", "sddm*", "kde*",    "plasmalogin*",  "lxdm",
                                            "xdm",  "wdm",      "ly",    "greetd*", "cosmic-greeter"};

constexpr std::string_view kPolkit = "polkit-1";

template <std::size_t N>
bool listed(const std::string_view (&names)[N], std::string_view service) {
  return std::ranges::any_of(names, [service](std::string_view name) {
    return name.ends_with('*') ? service.starts_with(name.substr(0, name.size() - 1)) : service == name;
  });
}

bool serves_the_network(std::string_view service) {
  return listed(kNetworkServices, service);
}

bool is_loopback(const std::string &address) {
  in_addr four{};
  if (inet_pton(AF_INET, address.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
  in6_addr six{};
  if (inet_pton(AF_INET6, address.c_str(), &six) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == IN_LOOPBACKNET);
}

bool same_name(const std::string &one, const std::string &other) {
  return strcasecmp(one.c_str(), other.c_str()) == 0;
}

/// The machine's own name counts as here, since sudo's pam_rhost sets it; but only the whole of it, for
/// whoever owns a domain can have a machine there that is called like this one.
bool names_this_machine(const Asked &asked) {
  const std::string &host = asked.remote_host;
  if (host.empty() || same_name(host, "localhost") || is_loopback(host)) return true;
  return !asked.own_host.empty() && same_name(host, asked.own_host);
}

/// A session in which a person sits. The others belong to cron and to service managers.
bool is_a_persons(const SeenSession &session) {
  constexpr std::string_view kNobodys[] = {"background", "background-light", "manager", "manager-early",
                                           "none"};
  return !listed(kNobodys, session.user_type);
}

/// In front of this machine, now. A seat is demanded because what has none (a VNC desktop, a serial line) may
/// be looked at from anywhere; logind calls such sessions active and not remote.
bool is_here(const SeenSession &session) {
  constexpr std::string_view kAtAScreen[] = {"user",        "user-early", "user-light", "user-early-light",
                                             "lock-screen", "greeter"};
  return !session.remote && session.active && session.state == "active" && !session.seat.empty() &&
         listed(kAtAScreen, session.user_type) && !serves_the_network(session.service);
}

/// Used from somewhere else. One in the background of a seat is not here now, but not elsewhere either.
bool is_elsewhere(const SeenSession &session) {
  return is_a_persons(session) &&
         (session.remote || session.seat.empty() || serves_the_network(session.service));
}

bool is_elsewhere_too(const Sightings &seen, uid_t person) {
  return std::ranges::any_of(seen.sessions,
                             [person](const SeenSession &s) { return s.uid == person && is_elsewhere(s); });
}

bool is_here_too(const Sightings &seen, uid_t person) {
  return std::ranges::any_of(seen.sessions,
                             [person](const SeenSession &s) { return s.uid == person && is_here(s); });
}

/// A virtual terminal, which only the keyboard of a seat reaches: "tty1", "/dev/tty63". Not "ttyS0", at the
/// other end of which may be a management network, and not "pts/0".
bool is_virtual_terminal(std::string_view tty) {
  constexpr std::string_view kFolder = "/dev/";
  constexpr std::string_view kName = "tty";
  if (tty.starts_with(kFolder)) tty.remove_prefix(kFolder.size());
  if (!tty.starts_with(kName)) return false;
  tty.remove_prefix(kName.size());
  unsigned number = 0;
  const auto [end, problem] = std::from_chars(tty.data(), tty.data() + tty.size(), number);
  return problem == std::errc() && end == tty.data() + tty.size() && number >= 1 && number <= 63;
}

/// ":0": an X display of this machine, though perhaps one that is shown elsewhere.
bool is_display(std::string_view tty) {
  return tty.starts_with(':');
}

/// polkit's helper may be a system service, and then says nothing of who made it ask. So the target must be
/// here, and nobody else may be signed in who could have asked in their stead; a greeter is nobody.
Place place_of_polkit(const Asked &asked, const Sightings &seen) {
  if (!asked.target || !is_here_too(seen, *asked.target)) return Place::Remote;
  for (const SeenSession &session : seen.sessions) {
    const bool somebody_else =
        session.uid != *asked.target && is_a_persons(session) && session.user_type != "greeter";
    if (somebody_else || is_elsewhere(session)) return Place::Remote;
  }
  return Place::Local;
}

/// A system service's login. Only root's word about the terminal counts.
Place place_at_door(const Asked &asked, const Sightings &seen) {
  if (asked.caller_uid != 0) return Place::Remote;
  if (asked.service == kPolkit) return place_of_polkit(asked, seen);
  if (is_virtual_terminal(asked.tty)) return Place::Local;
  // sudo in a cron job, a terminal in a web page: nobody is there, or nobody knows where.
  if (!listed(kLocalDoors, asked.service) || !(asked.tty.empty() || is_display(asked.tty)))
    return Place::Remote;
  // A display manager can unlock remote desktops as well, and does not say which kind it has before it.
  const bool may_be_elsewhere = asked.target && is_elsewhere_too(seen, *asked.target);
  return may_be_elsewhere ? Place::Remote : Place::Local;
}

/// Also the account's other sessions count: a terminal that was opened here (tmux, screen) can be attached to
/// from there, and what runs in the user manager belongs to all of them.
Place place_of_person(const Sightings &seen, bool here) {
  return here && !is_elsewhere_too(seen, seen.owner) ? Place::Local : Place::Remote;
}

}  // namespace

bool comes_over_the_network(const Asked &asked) {
  return serves_the_network(asked.service) || !names_this_machine(asked);
}

bool asks_about_everybody(std::string_view service) {
  return service == kPolkit;
}

Place place_from(const Asked &asked, const Sightings &seen) {
  if (comes_over_the_network(asked)) return Place::Remote;
  switch (seen.caller) {
    case Belongs::Unknown:
      return Place::Remote;
    case Belongs::NoLogind:
      return Place::Local;
    case Belongs::ToSession:
      return place_of_person(seen, std::ranges::any_of(seen.sessions, [](const SeenSession &session) {
                               return session.callers && is_here(session);
                             }));
    case Belongs::ToUserManager:
      return place_of_person(seen, is_here_too(seen, seen.owner));
    case Belongs::ToSystem:
      return place_at_door(asked, seen);
  }
  return Place::Remote;
}

}  // namespace passkeyd
