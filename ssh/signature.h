/// Signatures of sk keys: what an agent is asked to sign (SSHSIG, PROTOCOL.sshsig of OpenSSH), and its answer
/// turned into an assertion, which the one verifier judges.
#pragma once

#include <string>
#include <string_view>

#include "ssh/key.h"
#include "webauthn/assertion.h"

namespace passkeyd::ssh {

/// What names our signatures, so that none is ever good for anything else.
inline constexpr std::string_view kNamespace = "login@passkeyd";

/// The bytes that an agent is given to sign for `message`: "SSHSIG", namespace, and the message's SHA-512.
std::string to_be_signed(std::string_view message);

/// The agent's signature blob (type, signature, flags, counter) by `key` over `signed_text`, as an assertion:
/// authenticator data is SHA256(application), flags, counter; an ECDSA signature becomes DER. Nothing is
/// verified here. `id`: of the credential that was asked for; a signature does not say. Errors: Malformed.
Result<Assertion> assertion_from(ByteView signature_blob, const Key &key, Bytes id, std::string signed_text);

}  // namespace passkeyd::ssh
