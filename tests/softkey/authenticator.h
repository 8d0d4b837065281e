/// Authenticator: the CTAP 2.1 commands (section 6). Bytes in, bytes out; where a person is needed, it says
/// so and goes on when told that they consented. Frames, channels, buttons and clocks live outside.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/softkey/credential.h"
#include "tests/softkey/pin_protocol.h"
#include "tests/softkey/request.h"

namespace passkeyd::softkey {

/// What this key is, as opposed to what it does.
struct Model {
  std::vector<Algorithm> algorithms = {Algorithm::Es256, Algorithm::EdDsa};
  std::vector<int> pin_protocols = {2, 1};  ///< in the order announced
  bool sensor = false;                      ///< built-in user verification, as if a finger were enrolled
  bool always_uv = false;
};

class Authenticator {
 public:
  /// `storage` and `knobs` are borrowed and outlive this object.
  Authenticator(Model model, StateFile &storage, const Knobs &knobs)
      : model_(std::move(model)), storage_(storage), knobs_(knobs) {}

  /// Power was cut and came back: tokens and counts of the session are gone, what is stored stays.
  void power_on(Moment now);

  /// Carries a command out as far as it goes without a person. Throws Refused.
  Outcome handle(const Request &request);

 private:
  struct Match {
    Bytes id;
    Credential credential;
    const Resident *resident = nullptr;  ///< borrowed from the state; valid until that changes
  };
  struct Asked;   // getAssertion, its parameters read
  struct Wanted;  // makeCredential, its parameters read

  Outcome get_info() const;
  Outcome reset(const Request &request);
  Outcome make_credential(const Request &request);
  Outcome create(const Wanted &wanted, bool user_verified);
  Outcome get_assertion(const Request &request);
  Outcome assert_with_list(const Asked &asked, bool user_verified);
  /// The first of `found` as an assertion; the others wait for getNextAssertion.
  Outcome first_of(const Asked &asked, std::vector<Match> found, bool user_verified, std::size_t announced);
  Outcome assertion(const Asked &asked, const Match &match, bool user_verified, std::size_t announced);
  Outcome client_pin(const Request &request);
  Outcome manage_credentials(const Request &request);
  /// The first of `rows`; the others wait for their GetNext.
  Outcome read_list(std::vector<Cbor::Map> rows);

  // client_pin.cpp
  Outcome set_pin(const Request &request, PinProtocol &protocol);
  Outcome change_pin(const Request &request, PinProtocol &protocol);
  Outcome token_by_pin(const Request &request, PinProtocol &protocol);
  Outcome token_by_sensor(const Request &request, PinProtocol &protocol);
  Outcome hand_out_token(const Request &request, const PinProtocol &protocol, const Bytes &shared,
                         Moment now);
  void check_pin(const Request &request, PinProtocol &protocol, ByteView shared);
  void store_new_pin(const PinProtocol &protocol, ByteView shared, ByteView encrypted);
  PinProtocol &protocol_of(const Cbor &map, int key);

  // authenticator.cpp: what several commands share
  using Then = std::function<Outcome(Moment now)>;
  [[nodiscard]] bool has_pin() const { return !storage_.state.pin_hash.empty(); }
  /// What model it claims to be.
  [[nodiscard]] Bytes aaguid() const;
  /// Goes on after a touch; declining is OPERATION_DENIED.
  static Outcome after_touch(Then then);
  /// Goes on after the sensor knew the finger; counts its tries.
  Outcome after_sensor(Then then);
  /// User verification for makeCredential and getAssertion: by token if there is a pinUvAuthParam under
  /// `param_key` (the protocol follows under the next key), else by the sensor if `uv` is asked.
  /// `then` is told whether they are verified.
  Outcome after_verification(const Request &request, int param_key, ByteView client_data_hash,
                             Permission permission, const std::string &rp_id,
                             std::function<Outcome(bool verified)> then);
  void check_token(const Request &request, const Bytes &param, int protocol_key, ByteView message,
                   Permission permission, const std::string &rp_id);
  /// RP ID hash, flags, counter (which goes up), attested credential data, extensions.
  Bytes authenticator_data(const Faults &faults, std::string_view rp_id, std::uint8_t flags,
                           ByteView attested, Cbor::Map extensions);

  Model model_;
  StateFile &storage_;
  const Knobs &knobs_;

  PinProtocol one_{1}, two_{2};
  PinToken token_;
  int wrong_pins_in_a_row_ = 0;
  Moment powered_at_{};
  std::function<Outcome()> next_assertion_;  // what getNextAssertion does, if anything
  std::function<Outcome()> next_listed_;     // and credentialManagement's two GetNext
};

/// Flags of authenticator data (WebAuthn, section 6.1).
namespace flag {
inline constexpr std::uint8_t kUp = 0x01, kUv = 0x04, kAttested = 0x40, kExtensions = 0x80;
}

/// "passkeyd softkey": the model, as far as an AAGUID says that.
inline constexpr std::uint8_t kAaguid[16] = {0x70, 0x61, 0x73, 0x73, 0x6b, 0x65, 0x79, 0x64,
                                             0x80, 0x73, 0x6f, 0x66, 0x74, 0x6b, 0x65, 0x79};
inline constexpr int kFirmwareVersion = 1;

}  // namespace passkeyd::softkey
