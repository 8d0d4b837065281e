/// Answer: what a person makes of one step, and how that goes back to the daemon.
#pragma once

#include <systemd/sd-bus.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "client/conversation.h"
#include "client/details.h"
#include "client/requests.h"
#include "common/handle.h"
#include "common/secret.h"

namespace passkeyd {

/// The answer to a tell, and the first call of an attempt.
struct Nothing {};
struct SteppedDown {};
struct SecretFile {
  Fd file;
};
/// A passkey-askpass is there, and was heard instead of a person.
struct Helper {};
/// Not for the daemon: a password was typed, which Talk keeps.
struct Password {};
using Answer = std::variant<Nothing, SteppedDown, SecretFile, std::string, std::uint32_t, Helper, Password>;

/// What an attempt remembers of its conversation.
struct Talk {
  Conversation &conversation;
  Typed may_be = Typed::Password;    ///< what a text typed at an Offer may be
  std::optional<Secret> typed = {};  ///< that text, once there is one
  std::optional<Secret> token = {};  ///< what was taken for the token of a passkey-askpass
  bool refused = false;              ///< a tell said that something did not verify
};

/// Shows a step that is not the last and gives what the person answers. Errors: the conversation failed, or
/// gave what cannot be sent.
Result<Answer> render(const NextStep &next, Talk &talk);

/// Appends the a{sv} of Attempt.Next. A Password has no form there: -EINVAL.
int append_answer(sd_bus_message *call, const Answer &answer);

}  // namespace passkeyd
