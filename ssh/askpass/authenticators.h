/// Authenticators: what this computer can answer with. Each is one source of passkeys that talks to the
/// person itself; another kind is one more class and one more line in authenticators_here().
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "client/conversation.h"
#include "ssh/relay.h"
#include "webauthn/authenticator.h"

namespace passkeyd::askpass {

class PasskeySource {
 public:
  virtual ~PasskeySource() = default;

  /// What people call it.
  [[nodiscard]] virtual const std::string &name() const = 0;

  /// Whether it holds one of `ids`. Silent, needs no person.
  virtual Result<bool> holds(const RpId &rp_id, const std::vector<Bytes> &ids) = 0;

  /// An assertion over one of `request.allowed`, with whatever must be asked and told meanwhile. nullopt: it
  /// holds none of them. Errors: Authenticator::prove's; Cancelled when the person stepped down.
  virtual Result<std::optional<Assertion>> prove(const AssertionRequest &request, Conversation &person) = 0;

  /// A new credential. Errors: Authenticator::enroll's; Cancelled.
  virtual Result<ssh::MadeRegistration> enroll(const RegistrationRequest &request, Conversation &person) = 0;
};

using PasskeySources = std::vector<std::unique_ptr<PasskeySource>>;

/// All there are now: each plugged-in security key that this person may open; and this computer, if its
/// passkeyd answers, to be asked only if it `Holds` something already, or also where something is to be made.
/// Errors: Io.
enum class ThisComputerIf { Holds, Answers };
Result<PasskeySources> authenticators_here(ThisComputerIf computer);

/// Lets the person pick one, where there are several. Errors: NoDevice (none), Cancelled.
Result<PasskeySource *> choose_one(const std::vector<PasskeySource *> &sources, Conversation &person);

}  // namespace passkeyd::askpass
