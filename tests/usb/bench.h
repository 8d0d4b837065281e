/// A bench with USB ports, for tests of usb/ with software keys: tests/mockusb under this very program, one
/// tests/softkey program for each key.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "usb/authenticator.h"
#include "webauthn/verify.h"

#include "tests/check.h"  // last: CMocka defines words that <ios> uses

namespace passkeyd::test {

/// Runs `tests` on a bench with kPorts ports: starts this program again under mockusb, in a directory of its
/// own that is gone afterwards. For main() to return. Needs MOCKUSB and SOFTKEY in the environment (meson
/// sets them); without, the tests fail.
int run_on_bench(const std::function<int()> &tests);
inline constexpr int kPorts = 2;

/// A software key in a port: a program of its own, plugged in from the start, pulled out and ended with this
/// object. Every member fails the test where the key or the port refuses.
class BenchKey {
 public:
  /// `options`: softkey's, such as {"--pin", "123456"}.
  explicit BenchKey(std::vector<std::string> options = {}, int port = 0);
  ~BenchKey();
  BenchKey(const BenchKey &) = delete;
  BenchKey &operator=(const BenchKey &) = delete;

  void plug();
  void unplug();
  /// What plugged_keys() says of it.
  [[nodiscard]] KeyInfo info() const;

  /// One command to the key's control socket (see tests/softkey/README.md); its answer.
  std::string tell(const std::string &command) const;  // NOLINT(modernize-use-nodiscard)
  void knob(const std::string &name, int value) const;
  [[nodiscard]] int count(const std::string &what = "total") const;
  /// Counts from zero again.
  void forget() const { tell("count reset"); }
  [[nodiscard]] int pin_tries() const { return std::stoi(tell("pin-tries")); }
  /// Waits until the key blinks, or has nothing to do any more.
  void await_blinking() const { tell("wait blinking"); }
  void await_idle() const { tell("wait idle"); }

 private:
  const int port_;
  const std::string listen_, control_;
  pid_t program_ = -1;
};

/// Counts cues, in order: 't' a touch, 'v' the sensor.
struct Heard final : Cues {
  std::string cues;
  void touch() override { cues += 't'; }
  void verify() override { cues += 'v'; }
};

/// The one relying party and account of these tests.
RpId rp_id();
Account account();
Secret pin_of(std::string_view text);

RegistrationRequest registration(UserVerification uv = UserVerification::Preferred);
/// Enrolls and verifies; the credential as the ledger would hold it.
Credential enroll(const BenchKey &key, const char *pin = nullptr,
                  UserVerification uv = UserVerification::Preferred);

/// A login that allows `credentials`.
AssertionRequest login(const std::vector<Credential> &credentials,
                       UserVerification uv = UserVerification::Required);
/// prove(), from a fresh UsbAuthenticator.
Result<std::optional<Assertion>> prove(const BenchKey &key, const AssertionRequest &request,
                                       const char *pin = nullptr, Heard *heard = nullptr);
/// The error that prove() must end with.
Error refused(const BenchKey &key, const AssertionRequest &request, const char *pin = nullptr);

/// A whole login: challenge, prove(), verify(). Fails the test unless it is granted.
Verification logged_in(const BenchKey &key, const std::vector<Credential> &credentials,
                       UserVerification uv = UserVerification::Required, const char *pin = nullptr);

}  // namespace passkeyd::test
