/// Authenticator: the seam behind which keys live. "Make me a credential", "make me an assertion";
/// implementations are usb/ and tpm/. Runs only in a ceremony process, where it may block.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "webauthn/assertion.h"
#include "webauthn/challenge.h"

namespace passkeyd {

/// What the person should be told while an authenticator works.
class Cues {
 public:
  virtual ~Cues() = default;
  virtual void touch() = 0;   ///< the key now waits for a touch
  virtual void verify() = 0;  ///< the key now waits for its sensor (built-in user verification)
};

struct AssertionRequest {
  RpId rp_id;
  std::string client_data;  ///< JSON; its SHA-256 is signed
  UserVerification user_verification = UserVerification::Required;
  struct Allowed {
    Bytes id;
    Bytes platform;                    ///< tpm only
    std::uint32_t max_allow_list = 0;  ///< usb only
  };
  std::vector<Allowed> allowed;               ///< never empty
  std::chrono::milliseconds timeout{30'000};  ///< for the person's touch or sensor
  int min_pin_tries = 2;                      ///< usb: never send a PIN when so few tries, or fewer, are left
  bool read_tries_first = false;  ///< ask first what tries are left, before the PIN (one more transaction)
};

struct RegistrationRequest {
  RpId rp_id;
  std::string client_data;
  UserVerification user_verification = UserVerification::Preferred;
  std::string user_name;       ///< shown by keys with a display
  Bytes user_handle;           ///< 1 to 64 random bytes, says nothing about the person
  std::vector<Bytes> exclude;  ///< credential ids already enrolled
  bool discoverable = false;   ///< usb: the key shall find it without being told which
  std::chrono::milliseconds timeout{30'000};
  int min_pin_tries = 2;
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;

  /// Asks for an assertion over one of `request.allowed`.
  /// nullopt: this authenticator holds none of them, try the next. Error: stop (kinds in common/error.h).
  /// `pin`: nullptr when the person gave none. Never kept.
  virtual Result<std::optional<Assertion>> prove(const AssertionRequest &request, const Secret *pin,
                                                 Cues &cues) = 0;

  /// Makes a new credential. Errors: AlreadyExists when one of `exclude` lives here, and all of prove's.
  virtual Result<Registration> enroll(const RegistrationRequest &request, const Secret *pin, Cues &cues) = 0;
};

}  // namespace passkeyd
