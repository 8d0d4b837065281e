/// PinChange: the story of giving the TPM's passkey of an account another PIN.
#pragma once

#include "daemon/caller.h"
#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

struct PinChangeRequest {
  UserName user;
  std::string service;
  std::string tty;
  std::string remote_host;
  Caller caller;
};

/// Tells the whole story to `face`; every path ends in face.finish() or face.refuse(). The old PIN is asked
/// for like at a login: at this machine only, counted before it is tried.
Task<void> tell_pin_change(House &house, Face &face, PinChangeRequest request);

}  // namespace passkeyd
