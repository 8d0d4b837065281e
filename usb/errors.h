/// What libfido2's and CTAP's status codes mean here: one table.
#pragma once

#include "common/result.h"

namespace passkeyd {

/// The error behind a status other than FIDO_OK: negative ones are libfido2's own, positive ones are the
/// key's (CTAP 2.1, section 8.2). FIDO_ERR_RX and FIDO_ERR_TX come out as Malformed: whoever knows the wire
/// (usb/port.h) has a better answer for a key that was silent, busy or gone.
Error error_of(int code);

}  // namespace passkeyd
