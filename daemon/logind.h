/// Logind: asking systemd-logind, over the bus, what a process belongs to and where those sessions are.
/// Nothing waits for it longer than kLogindDeadline, and what it says is parsed as if from a stranger.
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include <chrono>
#include <optional>

#include "common/result.h"
#include "daemon/place.h"
#include "daemon/task.h"

namespace passkeyd {

/// Longest that all the questions of one login may take together.
inline constexpr std::chrono::seconds kLogindDeadline{2};
/// The same where hundreds sign in at once: its answers stand in our own queue behind them.
inline constexpr std::chrono::seconds kLogindDeadlineInACrowd{10};
/// Most sessions that are looked at for one login, and most that the list may have.
inline constexpr std::size_t kMostSessions = 16;
inline constexpr std::size_t kMostListed = 1024;

/// Whose sessions are wanted when the caller turns out to be a system service. (Otherwise: the caller's
/// owner's.)
struct Interest {
  bool everybody = false;
  std::optional<uid_t> person = {};
};

/// Errors, all of which mean that nobody knows where the person is: Timeout; Malformed (answers of another
/// form, or that contradict each other); Limited (too many sessions); NotAllowed (logind's name is owned by
/// somebody but root); InvalidInput (no process: logind would take 0 for whoever asks); Io, Internal.
Task<Result<Sightings>> ask_logind(sd_event *loop, sd_bus *bus, pid_t process, Interest interest,
                                   std::chrono::seconds deadline = kLogindDeadline);

}  // namespace passkeyd
