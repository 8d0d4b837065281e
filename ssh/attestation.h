/// What a security key says for a new SSH key: the file of `ssh-keygen -O write-attestation` (PROTOCOL.u2f of
/// OpenSSH), brought before the one verifier. Pure: bytes in, credential out.
#pragma once

#include "common/clock.h"
#include "common/result.h"
#include "ssh/key.h"

namespace passkeyd::ssh {

/// Longest of either file, in bytes.
inline constexpr std::size_t kMaxAttestationFile = 16 * 1024;

/// Both files as they are, from whomever.
struct Evidence {
  Bytes attestation;  ///< what `-O write-attestation=FILE` wrote
  Bytes challenge;    ///< what it was made over: the file of `-O challenge=FILE`
};

/// The credential that the evidence is for, as verify_registration() gives it, but with the key's own id and
/// COSE form. User verification: whether it was made with `-O verify-required` (credProtect 3), so that its
/// owner's programs ask for the PIN each time. The UV flag alone says nothing of that: many security keys
/// want their PIN for every new credential. Errors: InvalidInput (no such file, a statement that does not
/// verify, or one for another key), Unsupported (a file of OpenSSH 8.2 or 8.3, which leaves out what was
/// signed).
Result<Credential> attested_credential(const Key &key, const Evidence &evidence, const Account &owner,
                                       BootTime now);

}  // namespace passkeyd::ssh
