/// Models of authenticators: whether a new passkey's is good enough, what it is called, and whether FIDO
/// Metadata warns of it. What is known comes from the configuration and from the metadata in the ledger.
#pragma once

#include <string>

#include "daemon/house.h"
#include "webauthn/credential.h"

namespace passkeyd {

/// Judges a security key's attestation at enrollment, by the administrator's roots and by those that the
/// metadata has for its model; fills in attestation and attested_by. Platform credentials are judged
/// elsewhere and stay as they are. Errors: ModelRecalled, NotAttested (`attestation = required`, and it is
/// not Trusted), or the ledger's.
Status judge_model(House &house, Credential &credential);

/// What the credential's model is called: by the administrator, by the metadata, or by the names that come
/// with this package; empty if none of them knows. Its own word (AAGUID) is taken for it.
std::string model_name(House &house, const Credential &credential);

/// The status for which the metadata warns of the model, such as "REVOKED"; empty: it does not. Its own word
/// is taken for it: a key that says it is of a recalled model gains nothing by saying so.
std::string recall_of(House &house, const Credential &credential);

}  // namespace passkeyd
