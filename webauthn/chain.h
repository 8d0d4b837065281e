/// Chains of certificates: to whom one leads, and what that makes of an authenticator's word about its model.
/// Pure: certificates and the time are given; nothing is looked up or fetched, so no certificate is known to
/// be revoked.
#pragma once

#include <string>
#include <vector>

#include "common/clock.h"
#include "common/result.h"
#include "webauthn/credential.h"

namespace passkeyd {

/// Follows a chain (DER, leaf first) to one of `roots` (DER) and gives that root's subject. A root may be any
/// certificate that is believed by itself, an issuer somewhere in the chain or the leaf (FIDO Metadata
/// Statement, attestationRootCertificates). All certificates of the path must be valid at `now`, their
/// signatures no weaker than 80 bits, issuers marked as such. Errors: Malformed (a certificate that is none,
/// none at all, more than kMaxChain), Untrusted (it leads nowhere; the sentence says where it broke off).
Result<std::string> follow_chain(const std::vector<Bytes> &chain, const std::vector<Bytes> &roots,
                                 WallTime now);

/// Makes a credential Trusted, and attested_by its root, if its certificates lead to one of `roots`.
/// Otherwise it stays what verify_registration found. Judged once, at enrollment: certificates that expire
/// later take nothing back, for those are burned into keys that last longer.
void judge_attestation(Credential &credential, const std::vector<Bytes> &roots, WallTime now);

/// By what FIDO Metadata may know the model: the AAGUID, or if that is all zeros the key identifiers of the
/// certificates, leaf first.
std::vector<Bytes> model_ids_of(const Credential &credential);

}  // namespace passkeyd
