/// The dialogue: begin, next step, answer, next step, outcome. One loop for every face and for every kind of
/// attempt (login, enrollment, change of PIN); it decides nothing but when to give up, and that a password is
/// none of the daemon's business.
#pragma once

#include <optional>
#include <string>

#include "client/bus.h"
#include "client/conversation.h"
#include "client/details.h"
#include "client/patience.h"
#include "client/requests.h"
#include "common/secret.h"

namespace passkeyd {

/// {} is the harmless one: nobody is let in, nobody is blamed.
enum class Ending {
  Unavailable,  ///< no verdict: not enrolled, no way open here, or something failed on the way
  Denied,       ///< refused by the daemon
  Password,     ///< no verdict: the person typed a password instead, for others to judge
  Granted,
};

struct Outcome {
  Ending ending = Ending::Unavailable;
  Details details;         ///< details.message says why, and words_for(details) says it to people
  std::string fault = {};  ///< for the log, if something failed on the way; printable, holds no secret
  bool refused = false;    ///< on the way, something did not verify: a PIN, a code, a finger
  std::optional<Secret> password = {};  ///< beside Ending::Password, and only there
};

/// Steps an attempt may have. Three ways with a few tries and cues each need far fewer.
inline constexpr int kMaxSteps = 64;
/// The longest wait for one step: a touch may take 60 seconds (touch_timeout), and the machine 10 more. Where
/// a key may be plugged in first, that time comes on top.
inline constexpr Patience::Time kStepTime = std::chrono::seconds(90);

/// Runs one login to its end. Granted only if the daemon said so in so many words. Whatever fails ends as
/// Unavailable with the name of the ErrorKind as its message, and the attempt is cancelled.
///
/// A text typed at an Offer ends the attempt as Password and is not sent. With Typed::Pin it is sent as a PIN
/// first, where the daemon takes one and it could be one; nothing is asked after that, and unless it let the
/// person in it was the password.
Outcome run_login(Bus &bus, const LoginRequest &request, Conversation &conversation, Patience &patience);

/// The same for an enrollment. The daemon may first ask the person to authenticate (polkit), so beginning may
/// take minutes.
Outcome run_enrollment(Bus &bus, const EnrollRequest &request, Conversation &conversation,
                       Patience &patience);

/// The same for a new PIN of this computer's passkey.
Outcome run_pin_change(Bus &bus, const PinChangeRequest &request, Conversation &conversation,
                       Patience &patience);

/// The same for a key in this computer's TPM for an account elsewhere. Granted: details.registration.
Outcome run_guest_enrollment(Bus &bus, const GuestEnrollRequest &request, Conversation &conversation,
                             Patience &patience);
/// And for an assertion by one. Granted: details.credential_id, authenticator_data, signature.
Outcome run_guest_assertion(Bus &bus, const GuestAssertRequest &request, Conversation &conversation,
                            Patience &patience);

}  // namespace passkeyd
