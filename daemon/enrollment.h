/// Enrollment: the story of adding a passkey to an account.
#pragma once

#include "daemon/caller.h"
#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

struct EnrollmentRequest {
  UserName user;
  std::optional<Way> way;  ///< nullopt: a key if one is plugged in, otherwise the TPM
  std::string name;        ///< empty: named after the authenticator
  Caller caller;
  bool interactive = false;   ///< polkit may ask the person
  std::string device = {};    ///< usb: the key of this name or device file; empty: whichever there is
  bool ask_name = false;      ///< ask the person what to call it, if nothing was given
  bool discoverable = false;  ///< usb: the key shall find the account by itself
  bool elsewhere = false;     ///< made on another computer (daemon/elsewhere.h); `way` turns out then
};

/// Tells the whole story to `face`; every path ends in face.finish() or face.refuse().
Task<void> tell_enrollment(House &house, Face &face, EnrollmentRequest request);

}  // namespace passkeyd
