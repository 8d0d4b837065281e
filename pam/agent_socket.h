/// Agent socket: finding the SSH agent of the person who asks, which may be the one that ssh has forwarded
/// from their own computer, and connecting to it as they could themselves. The module knows it from what the
/// kernel keeps of a process's first environment; it reads no environment of its own.
#pragma once

#include <security/pam_modules.h>

#include <string>

#include "common/handle.h"

namespace passkeyd {

/// A connection to the agent of whoever runs the host of `service` (of polkit's helper: who runs its parent).
/// Empty where there is none, where it is not that person's own, or where the host is none that a person of
/// this machine runs (sshd). Never waits. Of the calling thread, the ids that open files change meanwhile,
/// and are back afterwards.
Fd agent_of_the_person(pam_handle_t *pamh, const std::string &service);

/// What sudo, su or pkexec were told to run, on one printable line; empty for other services.
std::string command_of_the_host(const std::string &service);

}  // namespace passkeyd
