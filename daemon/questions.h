/// Questions that more than one story (login, enrollment, change of PIN) puts to a face, and the cues
/// between.
#pragma once

#include "daemon/ceremony/wire.h"
#include "daemon/face.h"
#include "daemon/task.h"
#include "usb/keys.h"

namespace passkeyd {

/// A PIN or a code, as a memory file that nobody here reads. `message`: which one is wanted; `device`: of
/// what, if of anything. Errors: Cancelled when the person stepped down.
Task<Result<Fd>> ask_hidden(Face &face, const char *message, const std::string &device);

/// True if what was typed may be typed once more: it was wrong, or could not be what was asked for, and there
/// were not too many tries yet in this login. `tries`: how many there were, from 1.
bool may_type_again(const Error &why, int tries);

/// One of the plugged-in keys; asks only if there are several. Errors: NoDevice, Cancelled.
Task<Result<KeyInfo>> choose_key(Face &face, const std::vector<KeyInfo> &keys);

/// What `device` waits for now, from a ceremony's cue; or that it is in use by somebody else (nullopt).
Say cue_for(const std::optional<wire::Event> &cue, const std::string &device);

}  // namespace passkeyd
