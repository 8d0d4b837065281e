/// Table: what the scripted logind shall say, read from a text file. A line each; words are KEY=VALUE; '#'
/// begins a comment:
///
///   session id=2 uid=1000 pid=* remote=no active=yes state=active class=user seat=seat0 service=login
///   type=tty user uid=1000 pid=1234        processes in that user's manager, but in no session hang METHOD
///   never answers it hold METHOD                   answers it only after the next SIGHUP refuse METHOD
///   answers AccessDenied nonsense METHOD               answers with another type lack PROPERTY leaves it out
///   of what it says of sessions mistype PROPERTY              says it as a number with a point turn every
///   session's Remote is another with each asking crowd 5000                    lists so many further
///   sessions, of uid 65533 slow 300                      waits so many milliseconds before each answer
///
/// METHOD is GetSessionByPID, GetUserByPID, ListSessions, Get, GetAll, TerminateUser or TerminateSession.
/// pid: numbers with commas, each followed by + if all its descendants are meant as well; * is every process
/// that no other line names; left out, none. All else of a session but its uid has the values above when it
/// is left out (id: a number).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace passkeyd::test::logind {

struct Processes {
  std::set<pid_t> alone;
  std::set<pid_t> with_descendants;
  bool all_others = false;
  [[nodiscard]] bool name(pid_t process) const;  ///< by number or as a descendant, not by *
};

struct Session {
  std::string id;
  uid_t uid = 0;
  Processes processes;
  bool remote = false;
  bool active = true;
  std::string state = "active";
  std::string user_class = "user";
  std::string seat = "seat0";
  std::string service = "login";
  std::string type = "tty";
};

struct UserManager {
  uid_t uid = 0;
  Processes processes;
};

enum class Manner { Proper, Hang, Hold, Refuse, Nonsense };

struct Table {
  std::vector<Session> sessions;
  std::vector<UserManager> managers;
  std::map<std::string, Manner> manners;  ///< by method
  std::set<std::string> lacking;
  std::set<std::string> mistyped;
  bool turning = false;
  unsigned crowd = 0;
  std::uint64_t delay = 0;  ///< milliseconds

  /// nullptr: in none.
  [[nodiscard]] const Session *session_of(pid_t process) const;
  [[nodiscard]] const UserManager *manager_of(pid_t process) const;
};

/// Throws std::runtime_error with the line that is not of the form above.
Table read_table(const std::string &path);

}  // namespace passkeyd::test::logind
