/// PIN/UV auth protocols one and two, the key's side (CTAP 2.1, sections 6.5.6 and 6.5.7), and the token they
/// hand out.
#pragma once

#include <optional>
#include <string>

#include "tests/softkey/crypto.h"
#include "tests/softkey/ctaphid.h"

namespace passkeyd::softkey {

class PinProtocol {
 public:
  /// `number`: 1 or 2.
  explicit PinProtocol(int number) : number_(number) { regenerate(); }

  /// A new key agreement key; shared secrets made with the old one are void.
  void regenerate() { private_key_ = new_private_key(Algorithm::Es256); }
  [[nodiscard]] Cbor public_key() const { return agreement_key(private_key_); }

  /// The secret shared with `peer`, a COSE_Key; nullopt if that is none.
  [[nodiscard]] std::optional<Bytes> shared_secret(const Cbor &peer) const;
  [[nodiscard]] Bytes encrypt(ByteView shared, ByteView plain) const;
  /// nullopt: not a whole number of blocks.
  [[nodiscard]] std::optional<Bytes> decrypt(ByteView shared, ByteView cipher) const;
  /// Checks pinUvAuthParam. `key`: a shared secret or a token.
  [[nodiscard]] bool verify(ByteView key, ByteView message, ByteView param) const;

 private:
  int number_;
  Bytes private_key_;
};

/// Permissions of a token (CTAP 2.1, section 6.5.5.7).
enum Permission : int { kMakeCredential = 0x01, kGetAssertion = 0x02, kManageCredentials = 0x04 };

/// pinUvAuthToken and what it may be used for.
class PinToken {
 public:
  /// Voids whatever was handed out and makes a new token.
  void issue(int permissions, std::optional<std::string> rp_id, Moment now);
  void revoke() { *this = PinToken(); }
  [[nodiscard]] const Bytes &bytes() const { return bytes_; }

  /// True if the token may be used for this now. Binds it to `rp_id` (empty: none) on first use.
  bool permits(Permission permission, const std::string &rp_id, Moment now);
  /// A touch was spent: the token opens nothing more.
  void spend();

 private:
  static constexpr Moment kFirstUse{30'000};
  static constexpr Moment kLifetime{600'000};

  Bytes bytes_ = random_bytes(32);
  int permissions_ = 0;
  std::optional<std::string> rp_id_;
  Moment issued_{};
  bool used_ = false;
};

}  // namespace passkeyd::softkey
