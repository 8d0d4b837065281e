/// The dialogue: begin, next step, answer, next step, outcome. One loop for every face and for every kind of
/// attempt (login, enrollment, PIN change); it decides nothing but when to give up.
#pragma once

#include <optional>
#include <string>

#include "client/bus.h"
#include "client/conversation.h"
#include "client/details.h"
#include "client/patience.h"
#include "common/account.h"
#include "common/way.h"

namespace passkeyd {

/// Who wants in, and what the host knows about where from. Empty texts: the host does not know. They are
/// hints: the daemon checks what it can. Anything unprintable is replaced and long texts are cut before they
/// are sent, but never dropped: a remote login stays one.
struct LoginRequest {
  UserName user;
  std::string service;
  std::string tty = {};
  std::string rhost = {};
};

struct EnrollRequest {
  UserName user;
  std::optional<Way> way = {};  ///< nullopt: the daemon chooses, or asks
  std::string name = {};        ///< what the owner calls the new passkey; empty: the daemon finds one
  bool discoverable = false;    ///< the key shall find it without being told whose it is
};

/// {} is the harmless one: nobody is let in, nobody is blamed.
enum class Ending {
  Unavailable,  ///< no verdict: not enrolled, no way open here, or something failed on the way
  Denied,       ///< refused by the daemon
  Granted,
};

struct Outcome {
  Ending ending = Ending::Unavailable;
  Details details;         ///< details.message says why, and words_for(details) says it to people
  std::string fault = {};  ///< for the log, if something failed on the way; printable, holds no secret
};

/// Steps an attempt may have. Three ways with a few tries and cues each need far fewer.
inline constexpr int kMaxSteps = 64;
/// The longest wait for one step: a touch takes up to 30 seconds.
inline constexpr Patience::Time kStepTime = std::chrono::seconds(90);

/// Runs one login to its end. Granted only if the daemon said so in so many words. Whatever fails ends as
/// Unavailable with the name of the ErrorKind as its message, and the attempt is cancelled.
Outcome run_login(Bus &bus, const LoginRequest &request, Conversation &conversation, Patience &patience);

/// The same for an enrollment. The daemon may first ask the person to authenticate (polkit), so beginning may
/// take as long as a step.
Outcome run_enrollment(Bus &bus, const EnrollRequest &request, Conversation &conversation,
                       Patience &patience);

/// The same for a new PIN of the account's platform credential. `service` as in LoginRequest.
Outcome run_pin_change(Bus &bus, const UserName &user, const std::string &service, Conversation &conversation,
                       Patience &patience);

}  // namespace passkeyd
