/// Certificates (X.509, RFC 5280) as OpenSSL reads them, bounded: from bytes and files, and what is asked of
/// one.
#pragma once

#include <openssl/x509.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/handle.h"
#include "common/result.h"

namespace passkeyd {

using Certificate = Handle<X509, X509_free>;

/// Longest certificate that is looked at, in bytes.
inline constexpr std::size_t kMaxCertificate = 8192;
/// Most certificates of a chain, and of a list of roots.
inline constexpr std::size_t kMaxChain = 8;
inline constexpr std::size_t kMaxRoots = 1024;

/// One certificate in DER and nothing behind it; empty if it is none.
Certificate read_certificate(ByteView der);

/// Takes certificates apart that stand one after the other. Errors: Malformed, also for more than kMaxRoots.
Result<std::vector<Bytes>> split_certificates(ByteView der);

/// The certificates of a PEM text, as DER; what stands outside of the blocks is passed over. Errors:
/// Malformed (a block that is broken or no certificate, no block at all, more than kMaxRoots).
Result<std::vector<Bytes>> certificates_of_pem(std::string_view text);

/// Whom a certificate is for, or from: the common name, else the organization. Printable, at most 255 bytes.
std::string subject_of(const X509 *certificate);
std::string issuer_of(const X509 *certificate);

/// The SHA-1 of its public key (RFC 5280 section 4.2.1.2, method 1): how FIDO Metadata names models that have
/// no AAGUID. Not a matter of trust.
Bytes key_identifier_of(const X509 *certificate);

/// Is its key one on the curve P-256?
bool has_p256_key(const X509 *certificate);

}  // namespace passkeyd
