/// What the verbs share: reaching the daemon, and saying how it went.
#pragma once

#include <functional>
#include <string>

#include "cli/exit_code.h"
#include "client/bus.h"
#include "client/dialogue.h"

namespace passkeyd::cli {

/// What --no-ask-password comes to: from now on polkit asks nobody on behalf of this program, neither here
/// nor on a desktop.
void forbid_questions();

/// Connects and runs `body`; a failure to connect is reported instead.
ExitCode with_bus(Patience patience, const std::function<ExitCode(Bus &, Patience &)> &body);

/// The same for verbs that polkit may have a question about: where a person who is not root sits at a
/// terminal, they are asked there.
ExitCode with_authority(Patience patience, const std::function<ExitCode(Bus &, Patience &)> &body);

/// with_bus about the caller's own account (`user` is empty), with_authority about somebody else's.
ExitCode with_bus_about(const std::string &user, Patience patience,
                        const std::function<ExitCode(Bus &, Patience &)> &body);

/// Says on standard error what went wrong, in words and, for whoever looks closer, in the log's sentence.
ExitCode report(const Error &error);

/// Says how an attempt ended: on standard output if it was granted, on standard error otherwise. `granted` is
/// the message id for a daemon that sent none.
ExitCode conclude(const Outcome &outcome, const char *granted);

/// The same where standard output is for something else: nothing is said about what was granted.
ExitCode conclude_quietly(const Outcome &outcome);

}  // namespace passkeyd::cli
