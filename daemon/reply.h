/// Answers that are more than a value: lists of credentials as the bus carries them.
#pragma once

#include <systemd/sd-bus.h>

#include <vector>

#include "webauthn/credential.h"

namespace passkeyd {

/// Answers `call` with aa{sv}: id, name, way, device, state, user, created, last-used (absent if never),
/// user-verification, synced. Public facts only: no key, no wrapped blob.
int reply_credentials(sd_bus_message *call, const std::vector<Credential> &credentials);

}  // namespace passkeyd
