/// Endorsement: the keys of the endorsement hierarchy, made from their templates, and the certificate that
/// the maker left in the TPM. See TCG EK Credential Profile for TPM Family 2.0.
#pragma once

#include <optional>

#include "tpm/conversation.h"
#include "webauthn/endorsement.h"

namespace passkeyd::tpm {

struct StoredCertificate {
  EndorsementKind kind;
  Bytes der;
};

/// The first certificate there is, those of elliptic curves first: an RSA key takes its time to make.
/// nullopt: none of a kind we know. One command; with a certificate two more and one for each 512 bytes.
Result<std::optional<StoredCertificate>> read_certificate(Conversation &tpm);

/// A primary key of the endorsement hierarchy and its public area. One command, and a flush when it goes.
struct Primary {
  Transient key;
  TPM2B_PUBLIC area;
};
Result<Primary> make_witness(Conversation &tpm);
Result<Primary> make_endorsement_key(Conversation &tpm, EndorsementKind kind);

/// True if using a key of that kind takes a policy (PolicySecret with the endorsement hierarchy), and not
/// just its empty password.
bool needs_policy(EndorsementKind kind);

}  // namespace passkeyd::tpm
