/// What tests of the verifier start from: keys of each algorithm, and answers that are good until one thing
/// about them is changed.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <string>
#include <vector>

#include "common/handle.h"
#include "webauthn/authenticator_data.h"
#include "webauthn/verify.h"

namespace passkeyd::test {

using Pkey = Handle<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Handle<X509, X509_free>;

/// A key pair such as an authenticator holds.
class TestKey {
 public:
  explicit TestKey(Algorithm algorithm);

  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  [[nodiscard]] Bytes cose() const;
  [[nodiscard]] Bytes sign(ByteView message) const;
  /// A self-signed certificate (DER) for this key. `aaguid`: what its id-fido-gen-ce-aaguid extension names.
  [[nodiscard]] Bytes certificate(const std::optional<Aaguid> &aaguid = std::nullopt) const;
  [[nodiscard]] EVP_PKEY *get() const { return key_.get(); }

 private:
  Algorithm algorithm_;
  Pkey key_;
};

/// One key of each algorithm, made once.
const TestKey &key_of(Algorithm algorithm);
inline constexpr Algorithm kAlgorithms[] = {Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256};

RpId rp_id(std::string_view name = "workstation.example");
Account account(std::string_view name = "alice", uid_t uid = 1000);
inline constexpr BootTime kMadeAt = std::chrono::hours(3);
inline constexpr Aaguid kAaguid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/// What a challenge is made from, so that each verification can have one of its own.
struct Asked {
  Ceremony ceremony = Ceremony::Get;
  Bytes random = Bytes(32, 0x5a);
  RpId rp = rp_id();
  Account user = account();
  UserVerification user_verification = UserVerification::Preferred;
  BootTime made_at = kMadeAt;

  [[nodiscard]] Challenge challenge() const;
};

/// A login in one value: change a part, sign again where the signature must not be what gives it away.
struct Login {
  explicit Login(const TestKey &key);

  /// Makes the authenticator data anew.
  void set_data(std::uint8_t flags, std::uint32_t counter);
  void sign();
  [[nodiscard]] Verification verify() const;

  const TestKey *key;
  Asked asked;
  BootTime now = kMadeAt + std::chrono::seconds(10);
  Credential credential;
  Assertion assertion;
};

/// An enrollment in one value: "none" at first.
struct Enrollment {
  explicit Enrollment(const TestKey &key);

  /// Writes authenticator data from the parts below.
  void write_data();
  /// Attests with the key itself, or with a certificate for `issuer` (x5c).
  void attest_packed();
  void attest_packed(const TestKey &issuer, const std::optional<Aaguid> &in_certificate);
  void attest_u2f(const TestKey &issuer);
  /// With these certificates, the first of which is `issuer`'s.
  void attest_packed(const TestKey &issuer, const std::vector<Bytes> &chain);
  void attest_u2f(const TestKey &issuer, const Bytes &certificate);
  [[nodiscard]] Result<Credential> verify() const;
  /// The name of the refusal, or "registered".
  [[nodiscard]] std::string outcome() const;

  const TestKey *key;
  Asked asked;
  BootTime now = kMadeAt + std::chrono::seconds(10);
  std::uint8_t flags = flag::kUserPresent;
  AttestedCredential attested;
  Bytes extensions;  ///< CBOR map; sets the flag if not empty
  Registration registration;

 private:
  [[nodiscard]] Bytes signed_message() const;
};

/// A file of tests/data as text.
std::string read_data(const std::string &name);

}  // namespace passkeyd::test
