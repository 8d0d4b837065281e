/// Polkit: asking whether somebody may, where that is for the administrator's rules or for the person's
/// password to say. Dropping the question takes it back, and the dialog goes away.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "daemon/caller.h"
#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// What is asked.
struct PolkitQuestion {
  const char *action;        ///< "org.passkeyd1.enroll"
  std::string user;          ///< whose account it is about, for the words and for rules; empty: the machine
  bool interactive = false;  ///< may a person be asked
};

/// Longest that a person may think about it.
inline constexpr std::chrono::minutes kPolkitPatience{5};

/// Asks about the caller by their name on the bus, which nobody else can get. Errors: NotAllowed (no; or
/// there is no polkit, or nobody who could be asked), Cancelled (dismissed), Timeout, Busy (OpenQuestions).
Task<Status> ask_polkit(House &house, Caller caller, PolkitQuestion question);

}  // namespace passkeyd
