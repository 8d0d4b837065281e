/// Endorsement: the key by which a TPM is known, and the certificate that its maker gave it (TCG EK
/// Credential Profile for TPM Family 2.0, version 2.5). Bytes in, values out; no TPM is asked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/handle.h"
#include "common/result.h"

namespace passkeyd {

/// The templates that endorsement keys are made from, those we know. The profile calls them L-1, L-2, H-1,
/// H-2 and H-3; a TPM makes the same key from one of them every time.
enum class EndorsementKind { Rsa2048, EccP256, Rsa2048High, EccP256High, EccP384High };

/// "rsa-2048", "ecc-p256", "rsa-2048-high", "ecc-p256-high", "ecc-p384-high".
std::string_view name_of(EndorsementKind kind);
std::optional<EndorsementKind> endorsement_kind_of(std::string_view name);

/// What a certificate says of the TPM it is for, and what came of asking who issued it.
struct EndorsementCertificate {
  Handle<EVP_PKEY, EVP_PKEY_free> key;
  std::string product;              ///< "IFX SLB9670": maker and model; empty if it does not say. Printable
  std::string issuer;               ///< who signed it; printable, at most 255 bytes
  std::optional<std::string> root;  ///< the subject of what it leads to; nullopt: nothing that is trusted
};

/// Longest certificate that is looked at, in bytes.
inline constexpr std::size_t kMaxEndorsementCertificate = 4096;

/// Reads an endorsement certificate (DER, nothing behind it) and looks whether it leads to one of `roots`
/// (DER) at the time `now`. Any of those is trusted by itself, also an intermediate one: TPMs bring none
/// along. One whose key usage or purposes are not those of an endorsement key leads nowhere. Errors:
/// Malformed for what is no certificate.
Result<EndorsementCertificate> read_endorsement(ByteView certificate, const std::vector<Bytes> &roots,
                                                WallTime now);

/// The key behind a point that a TPM tells by itself (X9.62, uncompressed). Errors: Malformed, also for a
/// kind that has none.
Result<Handle<EVP_PKEY, EVP_PKEY_free>> endorsement_key(EndorsementKind kind, ByteView point);

}  // namespace passkeyd
