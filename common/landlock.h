/// What this kernel's Landlock can do. A process shuts itself in with it (daemon/ceremony/file_walls.h).
#pragma once

namespace passkeyd {

/// The version of the kernel's interface, 1 or more. 0: the kernel has no Landlock, or it is switched off
/// (lsm= on its command line). See landlock(7).
int landlock_version();

}  // namespace passkeyd
