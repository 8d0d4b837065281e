/// Walls: what a ceremony process gives up before it looks at anything that a device, an agent or a person
/// made, so that whoever takes it over has won a process that can do nothing else. What it works with is open
/// by then (reach.h).
///
/// Neither file nor socket is opened behind them, no program and no thread started, no other process touched;
/// what is left is the memory, the socket to the daemon, and the descriptors of this one request. Looking up
/// accounts and names is the exception, which parses no device: it may read the system's own folders and
/// speak to local sockets, as whatever /etc/nsswitch.conf names does, and the state folder is no such folder.
#pragma once

#include "common/result.h"
#include "daemon/ceremony/call_walls.h"
#include "daemon/ceremony/wire.h"

namespace passkeyd::walls {

/// What this request needs. One of an unknown type does not compile.
Left left_for(const wire::Request &request);

/// The first half: files, ports, what is printed. For the calling thread and those it starts later, so before
/// any is started. Errors: as shut_files_away(), Io.
Status raise_first(Left left);

/// The second half, for all threads: sizes and counts, and every system call that is not needed. Errors: as
/// give_up_calls(), Io.
Status raise_second(Left left);

}  // namespace passkeyd::walls
