/// Making: getting a new credential out of an authenticator of this machine, with all that a person must be
/// asked and told meanwhile. What comes back is unverified. Those that are made on another computer come from
/// daemon/elsewhere.h.
#pragma once

#include <string>
#include <vector>

#include "daemon/enrollment.h"
#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/platform_proof.h"
#include "daemon/task.h"
#include "usb/keys.h"
#include "webauthn/authenticator.h"

namespace passkeyd {

/// What was made, and all that it will be judged by.
struct Made {
  Way way;
  Registration registration;
  Challenge challenge;
  Bytes user_handle;      ///< what the authenticator was told
  bool sensor = false;    ///< the person was verified by the authenticator's own sensor, if at all
  Provenance provenance;  ///< tpm only
};

/// Makes a passkey for `account` with what is plugged in here, or with this computer's TPM. `others`: what
/// the account has. `device` becomes what people call the authenticator, as soon as that is known. Errors:
/// prepare()'s, the authenticator's.
Task<Result<Made>> make_here(House &house, Face &face, EnrollmentRequest request, Account account,
                             std::vector<Credential> others, std::string &device);

/// What the credential will be made with.
struct Preparation {
  Way way;
  KeyInfo device;  ///< for tpm: the TCTI string and what people call it
  std::vector<Fd> secrets;
  UserVerification user_verification;
  bool sensor = false;
};

/// This computer's TPM, with a new PIN that was typed twice. Errors: Cancelled.
Task<Result<Preparation>> prepare_tpm(House &house, Face &face);

/// Has the authenticator make the credential; passes its cues on. Errors: the authenticator's.
Task<Result<Registration>> registration(House &house, Face &face, Preparation place,
                                        RegistrationRequest asked);

/// A user handle: random, so that it says nothing of the person. Errors: Internal.
Result<Bytes> random_handle();

}  // namespace passkeyd
