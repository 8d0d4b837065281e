/// Ssh agent: the one that this terminal came with, here or forwarded from where the person sits.
#pragma once

#include "common/handle.h"

namespace passkeyd::cli {

/// A connection to the agent that SSH_AUTH_SOCK names. Empty: there is none, or it takes none just now.
Fd connect_to_agent();

}  // namespace passkeyd::cli
