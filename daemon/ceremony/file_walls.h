/// File walls: Landlock's part of a ceremony's walls. It knows folders, which seccomp does not, and holds
/// where a call that seccomp lets through would reach too far. See landlock(7).
#pragma once

#include <span>

#include "common/result.h"

namespace passkeyd::walls {

/// From now on this thread, and whatever it starts, reaches no file but those below `readable` (folders that
/// are there), and those only to read; no TCP port; and, where the kernel can say so (6.12), neither abstract
/// sockets nor processes outside. What is open already stays open.
/// Ok without doing anything where the kernel has no Landlock: the other walls stand, and the daemon says so
/// once when it starts. Errors: Internal, Io.
Status shut_files_away(std::span<const char *const> readable);

}  // namespace passkeyd::walls
