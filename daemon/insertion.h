/// Insertion: waiting for somebody to plug a security key in.
#pragma once

#include <chrono>

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// Asks for a key and waits until one is plugged in, no longer than `most`. Nothing happens if that is zero.
Task<void> wait_for_insertion(House &house, Face &face, std::chrono::seconds most);

}  // namespace passkeyd
