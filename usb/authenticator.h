/// UsbAuthenticator: passkeys that live in one security key. For a ceremony process, where it may block.
///
/// What a login costs in CTAPHID transactions, whatever the number of credentials (up to what the key takes
/// at once): 3 without verification (INIT, getInfo, getAssertion), 5 with a PIN or a sensor (key agreement
/// and token), and 3 with the sensor of a CTAP 2.0 key. Discovering costs 5 with a sensor and 6 with a PIN,
/// and one more for each credential after the first.
#pragma once

#include <vector>

#include "common/handle.h"
#include "usb/keys.h"
#include "usb/session.h"
#include "webauthn/authenticator.h"

namespace passkeyd {

/// What a key says about itself (CTAP 2.1, section 6.4).
struct KeyDescription {
  std::string name;  ///< as in KeyInfo
  Aaguid aaguid{};
  bool has_pin = false;               ///< a PIN is set
  bool has_uv = false;                ///< a sensor is there and set up
  bool always_uv = false;             ///< the key wants verification for everything
  std::vector<Algorithm> algorithms;  ///< of those we know, in the key's order of preference
  std::uint32_t max_allow_list = 0;   ///< 0: not stated
  std::optional<int> pin_tries;       ///< where a PIN is set
};

/// For a sign-in of which nobody said whose it is.
struct DiscoveryRequest {
  RpId rp_id;
  std::string client_data;                    ///< as in AssertionRequest
  std::chrono::milliseconds timeout{30'000};  ///< the same
  int min_pin_tries = 2;                      ///< the same; always asked first
};

class UsbAuthenticator final : public Authenticator {
 public:
  /// Most discoverable credentials of one relying party that are looked at.
  static constexpr std::size_t kMaxDiscovered = 1 + Port::kMostFurther;

  /// For one ceremony with the key at `key.path`, which is opened anew by each call below.
  explicit UsbAuthenticator(KeyInfo key);

  /// Opens the key's node now, for the next call below: a process that then gives up opening files can still
  /// use the key. What goes wrong here, that call says.
  void open_now() { node_ = open_node(key_); }

  /// Opens the key once and asks one getAssertion for all of `request.allowed`, or as few as the key's
  /// smallest stated max_allow_list and the size of a message allow. Verification: by PIN where one is given,
  /// otherwise by sensor unless it is discouraged. nullopt: the key holds none of them.
  ///
  /// Errors: NoDevice, Busy (at once, without waiting), Timeout, Cancelled, TouchRefused, Unsupported (U2F
  /// only), Malformed, Io; PinInvalid (it was not sent), PinNotSet, PinRequired, PinWrong, PinSoftBlocked,
  /// PinBlocked, PinTriesLow; UvFailed, UvBlocked: ask for the PIN. Errors about the PIN carry the tries left
  /// where the key says so; when nobody asked it first, that costs one more transaction after a wrong PIN.
  Result<std::optional<Assertion>> prove(const AssertionRequest &request, const Secret *pin,
                                         Cues &cues) override;

  /// Opens the key once and asks one getAssertion for whatever it has for this relying party, newest first:
  /// one assertion for each discoverable credential, each with credential id and user handle. Always with
  /// verification, by PIN where one is given, otherwise by sensor. Empty: it has none.
  /// Errors: as prove(), and Unsupported for more than kMaxDiscovered.
  Result<std::vector<Assertion>> discover(const DiscoveryRequest &request, const Secret *pin, Cues &cues);

  /// Makes a credential: ES256 if the key knows it, otherwise EdDSA. Discoverable where that is asked for,
  /// and then only with verification, whatever the policy. credProtect, where the key has it, is "user
  /// verification optional with credential ID list": the verifier insists on verification where the policy
  /// does, and a stricter level would hide the credential from holds(). Errors: AlreadyExists; Unsupported,
  /// also where the key cannot keep discoverable credentials, or no more of them; all of prove's.
  Result<Registration> enroll(const RegistrationRequest &request, const Secret *pin, Cues &cues) override;

  /// What the key can do: whether to ask for a PIN before enrolling. Needs no person.
  Result<KeyDescription> describe();

  /// Whether the key holds one of `ids`: which of several keys to talk to. Silent, needs no person; no
  /// proof of anything.
  Result<bool> holds(const RpId &rp_id, const std::vector<Bytes> &ids);

  /// Ends what is under way, from another thread or a signal handler: the key is told to stop blinking, and
  /// the call returns Cancelled, at the latest Port::kGraceTime later. For good: every later call on this
  /// object is cancelled as well.
  void cancel() noexcept;

 private:
  /// How the person is verified this time.
  enum class Verification { None, Sensor, Pin };

  Result<std::unique_ptr<Session>> open(std::chrono::milliseconds person_time, Port::Listener *listener);
  static Result<Verification> choose(const Session &session, UserVerification wanted, const Secret *pin);
  /// What every getAssertion has; the list of allowed credentials is still to come.
  static Result<FidoAssertion> begin_assertion(const RpId &rp_id, const std::string &client_data,
                                               Verification verification);
  static Status spare_tries(const Session &session, int min_tries);
  static Error explain(const Session &session, int status, Verification verification);

  const KeyInfo key_;
  std::optional<Result<Fd>> node_;  ///< opened ahead
  Fd stop_;                         ///< an eventfd that stays readable once cancel() was called
};

}  // namespace passkeyd
