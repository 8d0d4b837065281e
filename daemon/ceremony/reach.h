/// Reach: what one request's operation will talk to, opened before the walls stand. Behind them no file and
/// no socket is opened any more, so what is missing here is out of reach for good.
#pragma once

#include <memory>

#include "daemon/ceremony/wire.h"
#include "tpm/line.h"
#include "usb/authenticator.h"

namespace passkeyd {

struct Reach {
  std::unique_ptr<UsbAuthenticator> key;  ///< nullptr: the request is about no security key
  tpm::Connect tpm = {};                  ///< empty: about no TPM
};

/// Opens and reads nothing: not a byte of a device has been looked at afterwards. What could not be opened,
/// the operation says.
Reach reach_for(const wire::Request &request);

}  // namespace passkeyd
