/// A maker of TPMs: a certificate authority of its own, and what it leaves in a TPM before it sells it.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <string>
#include <vector>

#include "tests/tpm_fixture.h"
#include "webauthn/endorsement.h"

namespace passkeyd::test {

using Key = Handle<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Handle<X509, X509_free>;

/// What is special about a certificate.
struct Special {
  int lifetime = 365;              ///< days from now; negative: it is over
  bool unknown_extension = false;  ///< critical, and nobody knows it
  std::string model = "SLB9670";
  std::string usage = {};     ///< what its key may do, in OpenSSL's words; empty: it does not say
  std::string purposes = {};  ///< and what for
};

class Maker {
 public:
  explicit Maker(std::string name = "Maker");
  /// DER, to be trusted.
  [[nodiscard]] Bytes root() const;
  /// DER, for the key of somebody's TPM.
  [[nodiscard]] Bytes certify(EVP_PKEY *key, const Special &special = {}) const;
  /// Makes the endorsement key of that kind and leaves a certificate for it where it belongs, with some
  /// padding.
  void endow(Swtpm &tpm, EndorsementKind kind, const Special &special = {}) const;

 private:
  Key key_;
  Certificate root_;
};

/// The public key of an endorsement key as OpenSSL has it.
Key public_key_of(const TPM2B_PUBLIC &area);
/// Puts `certificate` where that of this kind belongs.
void leave_in(Swtpm &tpm, EndorsementKind kind, ByteView certificate);

/// Has swtpm's own tools make another TPM in its place, with certificates of an authority of theirs. DER of
/// the certificate that issued them.
Bytes set_up_by_swtpm_setup(Swtpm &tpm);

}  // namespace passkeyd::test
