/// PlatformAuthenticator: the passkeys that this computer's TPM holds for machines elsewhere, behind the seam
/// that security keys are behind, too. People may not open the TPM, so the local passkeyd does the work and
/// asks for the PIN through a conversation.
#pragma once

#include "client/bus.h"
#include "client/conversation.h"
#include "webauthn/authenticator.h"

namespace passkeyd {

class PlatformAuthenticator final : public Authenticator {
 public:
  /// For the caller's own account `user`. All three must outlive it.
  PlatformAuthenticator(Bus &bus, UserName user, Conversation &conversation, Patience &patience)
      : bus_(bus), user_(std::move(user)), conversation_(conversation), patience_(patience) {}

  /// True if there is a key for any machine: worth saying so before anybody has asked for one. Errors: there
  /// is no passkeyd here, or it does not answer.
  Result<bool> holds_any();

  /// nullopt: none of `request.allowed` is here. The client data must be client_data_json()'s of an origin
  /// "ssh://HOST". `pin` and `cues` are not used: the daemon asks. Errors: what its last step said;
  /// Cancelled.
  Result<std::optional<Assertion>> prove(const AssertionRequest &request, const Secret *pin,
                                         Cues &cues) override;

  /// A new key, with a PIN of its own that is asked for twice. Errors: AlreadyExists; as above.
  Result<Registration> enroll(const RegistrationRequest &request, const Secret *pin, Cues &cues) override;

 private:
  Result<std::vector<std::string>> own_of(const std::vector<Bytes> &ids);

  Bus &bus_;
  UserName user_;
  Conversation &conversation_;
  Patience &patience_;
};

}  // namespace passkeyd
