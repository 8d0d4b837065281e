/// Policy: which ways are open to this person, here and now, in which order. Pure: values in, plan out.
#pragma once

#include <string>
#include <vector>

#include "daemon/config.h"
#include "ledger/limit.h"
#include "usb/keys.h"
#include "webauthn/credential.h"

namespace passkeyd {

/// A login as the host asked for it, with what the daemon could find out itself.
struct LoginRequest {
  UserName user;
  std::string service;      ///< PAM service, such as "sudo"; printable, at most 255 bytes
  std::string tty;          ///< empty if none
  std::string remote_host;  ///< PAM_RHOST; empty if none
  uid_t caller_uid;
  pid_t caller_pid;
  Place place = Place::Remote;  ///< found out by the daemon (daemon/presence.h), never taken from the caller
};

/// One way that is open, with the credentials that would do and, for usb, the keys that are plugged in.
struct PlannedWay {
  Way way;
  std::vector<Credential> credentials;  ///< never empty
  std::vector<KeyInfo> keys;            ///< usb only, never empty there
  UserVerification user_verification;
};

struct Plan {
  std::vector<PlannedWay> ways;
  ErrorKind why_none = ErrorKind::NoDevice;  ///< what to say when there is no way, or none is left
};

/// Makes the plan. `credentials`: all of the account's; those not Active, or whose owner is another account,
/// are passed over. User verification: Required by configuration or when any credential of the way was
/// enrolled with it (an answer must then verify whichever credential gives it).
Plan plan_for(const LoginRequest &request, const Account &account, const std::vector<Credential> &credentials,
              const std::vector<KeyInfo> &plugged, const Config &config);

}  // namespace passkeyd
