/// TpmAuthenticator: platform credentials, keys that live inside this machine's TPM and open with a PIN.
/// It tells the whole story of this room; everything else here serves it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "common/bytes.h"
#include "common/result.h"
#include "common/secret.h"
#include "tpm/examination.h"
#include "tpm/lockout.h"
#include "tpm/pin.h"
#include "webauthn/activation.h"
#include "webauthn/authenticator.h"

namespace passkeyd {

namespace tpm {
class Line;
}

class TpmAuthenticator final : public Authenticator {
 public:
  /// Opens a line to the TPM: once for each operation, and once more to explain a failure.
  using Connect = std::function<Result<std::unique_ptr<tpm::Line>>()>;

  /// The model that our registrations name: "passkeyd platform credential".
  static constexpr Aaguid kAaguid = {0xb4, 0xe6, 0xbc, 0xc6, 0xbd, 0x21, 0x4b, 0xe9,
                                     0xab, 0x56, 0x85, 0x47, 0x41, 0xbf, 0x19, 0x3b};

  /// `tcti`: "device:/dev/tpmrm0" or "swtpm:path=/SOCKET" (tpm/line.h). `limit`: for all that one call below
  /// does with the TPM; afterwards it fails with Timeout. Nothing is opened before the first call.
  explicit TpmAuthenticator(std::string tcti, std::chrono::milliseconds limit = std::chrono::seconds(20));
  /// The same over lines of the caller's making.
  explicit TpmAuthenticator(Connect connect) : connect_(std::move(connect)) {}

  /// Three commands: StartAuthSession, Load, Sign. Uses the first of `request.allowed` that carries a
  /// platform blob and lives in this TPM; nullopt if none carries one. `cues` are never called: there is
  /// nothing to touch, and typing the PIN is the person's presence. Asks for no dictionary-attack state: do
  /// that first, with dictionary_attack_state() and tpm::room_for_a_try(). Errors: PinRequired, PinInvalid,
  /// PinWrong (counted by the TPM), TpmLockout; TpmKeyForeign, TpmParentChanged (enroll again); Corrupt (the
  /// stored blob); Busy, Timeout, NoDevice, TpmBroken, NotConfigured, and Io as tpm/errors.h has them.
  Result<std::optional<Assertion>> prove(const AssertionRequest &request, const Secret *pin,
                                         Cues &cues) override;

  /// Makes a key whose PIN is `pin`, under the storage root key at 0x81000001, which is made if there is
  /// none; where that one cannot serve, under one of our own. The registration carries a packed self
  /// attestation, made with the new key: so it has worked once; and the TPM's own proof for it, or why there
  /// is none, which is no error. Errors: AlreadyExists when one of `request.exclude` was made under the same
  /// parent, and all of prove's.
  Result<Registration> enroll(const RegistrationRequest &request, const Secret *pin, Cues &cues) override;

  /// Changes a credential's PIN. Takes the platform blob and gives the one that takes its place; three
  /// commands. A wrong old PIN is PinWrong and counted, as at a login.
  /// **The old blob stays valid with the old PIN** for as long as the TPM lives: replace it in one
  /// transaction, and keep no copy.
  Result<Bytes> change_pin(ByteView platform, const Secret &old_pin, const Secret &new_pin);

  /// Shows that this TPM has the endorsement key of that kind, for which `wrapped` was made, and the witness
  /// of the last enrollment: gives the secret. Four commands, six for a low-range kind. An RSA key may take a
  /// slow TPM half a minute to make. Errors: TpmKeyForeign (made for another TPM), NotConfigured (the
  /// endorsement hierarchy is closed), and prove's faults.
  Result<Bytes> activate(EndorsementKind kind, const WrappedSecret &wrapped);

  /// How the TPM is, and which of these platform blobs it can use: tpm/examination.h.
  Result<tpm::Examination> examine(const std::vector<Bytes> &platforms);

  /// One command, which needs no PIN: ask while the person is still typing.
  Result<tpm::DictionaryAttackState> dictionary_attack_state();

 private:
  Connect connect_;
};

}  // namespace passkeyd
