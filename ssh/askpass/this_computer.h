/// ThisComputer: the passkeys that this computer's TPM holds for accounts elsewhere, as a source of passkeys.
/// People may not open the TPM: the local passkeyd does the work, and asks for the PIN.
#pragma once

#include "client/bus.h"
#include "client/guest.h"
#include "ssh/askpass/authenticators.h"

namespace passkeyd::askpass {

class ThisComputer final : public PasskeySource {
 public:
  /// Asks the passkeyd here what it holds for this process's user. nullptr: there is none, it does not answer
  /// within a few seconds, or nobody knows what this user is called; then keys will have to do.
  static std::unique_ptr<ThisComputer> find();

  /// True if there is a passkey for any machine.
  [[nodiscard]] bool holds_any() const { return !keys_.empty(); }

  [[nodiscard]] const std::string &name() const override { return name_; }
  Result<bool> holds(const RpId &rp_id, const std::vector<Bytes> &ids) override;
  /// The client data must be client_data_json()'s with an origin "ssh://HOST": the daemon signs no other.
  Result<std::optional<Assertion>> prove(const AssertionRequest &request, Conversation &person) override;
  /// With a PIN of its own, which is asked for twice.
  Result<ssh::MadeRegistration> enroll(const RegistrationRequest &request, Conversation &person) override;

 private:
  ThisComputer(Bus bus, UserName user) : bus_(std::move(bus)), user_(std::move(user)) {}
  [[nodiscard]] std::vector<std::string> own_of(const std::vector<Bytes> &ids) const;

  Bus bus_;
  UserName user_;
  std::vector<GuestKeyRecord> keys_;
  std::string name_ = "This computer";
};

}  // namespace passkeyd::askpass
