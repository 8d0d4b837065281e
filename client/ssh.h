/// Ssh: asking the daemon to take an OpenSSH key into the ledger. It is a passkey from then on, and told of
/// like any other (records.h).
#pragma once

#include <string>

#include "client/bus.h"
#include "client/records.h"
#include "common/account.h"
#include "common/bytes.h"

namespace passkeyd {

struct SshKeyRequest {
  UserName user;
  std::string line;        ///< of a .pub file
  std::string name = {};   ///< what its owner calls it; empty: the daemon finds one
  Bytes attestation = {};  ///< what ssh-keygen -O write-attestation wrote; empty: there is none
  Bytes challenge = {};    ///< the file that it was given as -O challenge
};

/// Adds the key; gives what the ledger now has of it. The daemon may first ask the person to authenticate
/// (polkit). Errors: as Bus::call_manager; Unsupported (a key that is not in a security key), AlreadyExists.
Result<CredentialRecord> add_ssh_key(Bus &bus, const SshKeyRequest &request, Patience &patience);

}  // namespace passkeyd
