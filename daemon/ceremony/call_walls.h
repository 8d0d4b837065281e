/// Call walls: seccomp's part of a ceremony's walls, the system calls that are left to it. By libseccomp.
#pragma once

#include "common/result.h"

namespace passkeyd::walls {

/// What a ceremony may still do.
enum class Left {
  Thinking,   ///< memory, time, randomness, and the descriptors it has
  Filing,     ///< the same, and making a memory file to answer with
  Talking,    ///< the same as thinking, and over the sockets it has: TPM, agent, a test's key
  LookingUp,  ///< asking the system's databases of accounts and names: files and local sockets
};

/// From now on all threads of this process make only the calls that are `left`. Of the others, those that
/// libraries try and can do without are refused; any other ends the process at once, with SIGSYS and a line
/// in the kernel's log. For good: NO_NEW_PRIVS must be set. Errors: Internal, if the kernel cannot.
Status give_up_calls(Left left);

}  // namespace passkeyd::walls
