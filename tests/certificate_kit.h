/// Certificate authorities of one's own, for tests: certificates as the rules want them until one thing about
/// them is changed.
#pragma once

#include <string>

#include "common/clock.h"
#include "tests/webauthn_kit.h"

namespace passkeyd::test {

/// What the time is where these certificates are judged.
inline constexpr WallTime kToday{std::chrono::seconds(1'800'000'000)};
inline constexpr std::chrono::hours kDay{24};

/// What a certificate says.
struct Paper {
  std::string country = "AT";
  std::string organization = "Test Keys";
  std::string unit = "Authenticator Attestation";
  std::string name = "Test Authenticator";
  long version = X509_VERSION_3;
  bool authority = false;  ///< may issue others
  std::optional<Aaguid> aaguid;
  bool aaguid_critical = false;
  std::string host;  ///< subjectAltName
  WallTime from = kToday - 10 * kDay;
  WallTime until = kToday + 10 * kDay;

  static Paper of_authority(const std::string &name);
};

/// A key pair with its certificate.
struct Holder {
  /// Issued by itself.
  Holder(const Paper &paper, Algorithm algorithm = Algorithm::Es256);
  Holder(const Paper &paper, const Holder &issuer, Algorithm algorithm = Algorithm::Es256);
  /// A certificate for a key that is no passkey's, such as one on another curve.
  Holder(const Paper &paper, const Holder &issuer, EVP_PKEY *other_key);

  TestKey key;
  Bytes der;
};

}  // namespace passkeyd::test
