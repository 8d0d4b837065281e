/// SecurityKey: a plugged-in key as a source of passkeys, with its PIN and its cues.
#pragma once

#include "ssh/askpass/authenticators.h"
#include "usb/authenticator.h"

namespace passkeyd::askpass {

class SecurityKey final : public PasskeySource {
 public:
  explicit SecurityKey(KeyInfo key) : key_(std::move(key)) {}

  [[nodiscard]] const std::string &name() const override { return key_.name; }
  Result<bool> holds(const RpId &rp_id, const std::vector<Bytes> &ids) override;
  /// The PIN is asked for only where the key has one and no sensor, and verification is wanted; or where the
  /// key says that it takes one. The caller has seen that the key holds one of the credentials.
  Result<std::optional<Assertion>> prove(const AssertionRequest &request, Conversation &person) override;
  Result<ssh::MadeRegistration> enroll(const RegistrationRequest &request, Conversation &person) override;

 private:
  Result<std::optional<Secret>> ask_pin(Conversation &person) const;

  const KeyInfo key_;
};

}  // namespace passkeyd::askpass
