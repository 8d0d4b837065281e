/// Request: one CTAP command's parameters, read with the type that is expected or refused.
#pragma once

#include <functional>

#include "tests/softkey/cbor.h"
#include "tests/softkey/ctaphid.h"
#include "tests/softkey/knobs.h"

namespace passkeyd::softkey {

/// CTAP status codes (CTAP 2.1, section 8.2), those that are used here.
enum class Ctap : std::uint8_t {
  Ok = 0x00,
  InvalidCommand = 0x01,
  InvalidParameter = 0x02,
  InvalidLength = 0x03,
  UnexpectedType = 0x11,
  InvalidCbor = 0x12,
  MissingParameter = 0x14,
  LimitExceeded = 0x15,
  CredentialExcluded = 0x19,
  UnsupportedAlgorithm = 0x26,
  OperationDenied = 0x27,
  KeyStoreFull = 0x28,
  UnsupportedOption = 0x2b,
  InvalidOption = 0x2c,
  KeepaliveCancel = 0x2d,
  NoCredentials = 0x2e,
  UserActionTimeout = 0x2f,
  NotAllowed = 0x30,
  PinInvalid = 0x31,
  PinBlocked = 0x32,
  PinAuthInvalid = 0x33,
  PinAuthBlocked = 0x34,
  PinNotSet = 0x35,
  PuatRequired = 0x36,
  PinPolicyViolation = 0x37,
  RequestTooLarge = 0x39,
  UvBlocked = 0x3c,
  UvInvalid = 0x3f,
  UnauthorizedPermission = 0x40,
};

/// A request that is not granted. Thrown where it is found out, caught where replies are made: nearly every
/// line of a CTAP command can refuse.
struct Refused {
  Ctap status;
};
inline void refuse_if(bool bad, Ctap status) {
  if (bad) throw Refused{status};
}

/// Members of a CBOR map. `need` refuses what is missing, `find` gives nullptr; both refuse a wrong type.
namespace member {
const Cbor *find(const Cbor &map, const Cbor &key);
const Cbor &need(const Cbor &map, const Cbor &key);
const Bytes *find_bytes(const Cbor &map, const Cbor &key);
const Bytes &need_bytes(const Cbor &map, const Cbor &key);
const std::string *find_text(const Cbor &map, const Cbor &key);
const std::string &need_text(const Cbor &map, const Cbor &key);
std::optional<int> find_number(const Cbor &map, const Cbor &key);
int need_number(const Cbor &map, const Cbor &key);
const Cbor::Array *find_array(const Cbor &map, const Cbor &key);
const Cbor::Array &need_array(const Cbor &map, const Cbor &key);
const Cbor *find_map(const Cbor &map, const Cbor &key);
const Cbor &need_map(const Cbor &map, const Cbor &key);
/// An option of the "options" map under `options_key`; nullopt if it is not stated.
std::optional<bool> option(const Cbor &map, int options_key, const char *name);
}  // namespace member

struct Request {
  int command = 0;
  Cbor parameters;  ///< a map, empty for commands without
  Faults faults;    ///< those that strike this request
  Moment now{};
};

enum class Consent { None, Touch, Sensor };

/// A finished reply, or one that waits for a person. `granted` and `refused` may throw Refused.
struct Outcome {
  Cbor reply;  ///< null: status only
  Consent consent = Consent::None;
  std::function<Outcome(Moment now)> granted;  ///< they touched, or the sensor knew the finger
  std::function<Outcome(Moment now)> refused;  ///< they declined, or the finger was wrong
};

}  // namespace passkeyd::softkey
