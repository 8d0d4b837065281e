/// The words of softkey's control socket.
#pragma once

#include "tests/softkey/control.h"
#include "tests/softkey/softkey.h"

namespace passkeyd::softkey {

/// One command; see README.md for the list. Sets `quit` for "quit". `connected`: a port is attached.
std::optional<Control::Answer> carry_out(const Control::Words &words, SoftKey &key, const StateFile &storage,
                                         bool connected, Moment now, bool &quit);

}  // namespace passkeyd::softkey
