/// Base64url without padding (RFC 4648 section 5), as WebAuthn writes bytes into JSON.
#pragma once

#include <string>

#include "common/bytes.h"

namespace passkeyd {

std::string to_base64url(ByteView bytes);

}  // namespace passkeyd
