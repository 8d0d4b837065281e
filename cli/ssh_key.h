/// Ssh key: an OpenSSH key of a security key as a file, on its way into the ledger, and what is said of it
/// afterwards. For enroll --ssh and for the twin of a new passkey.
#pragma once

#include <string>

#include "cli/exit_code.h"
#include "client/bus.h"
#include "client/records.h"
#include "common/account.h"
#include "common/bytes.h"
#include "common/result.h"

namespace passkeyd::cli {

/// OpenSSH's own, for what is its business.
inline constexpr const char *kKeygen = "/usr/bin/ssh-keygen";

/// What the command line says.
struct SshKeyFiles {
  std::string key;          ///< a .pub file; "-": standard input
  std::string attestation;  ///< empty: there is none
  std::string challenge;
  std::string name;
  bool json = false;
};

/// The line of a public key file: of one key, which must be in a security key. Errors with sentences for the
/// person: NotFound, NotAllowed, InvalidInput (also: a private key, several keys, no file), Unsupported, Io.
Result<std::string> read_public_key(const std::string &path);

/// At most `most` bytes of a plain file. Errors as above.
Result<Bytes> read_small_file(const std::string &path, std::size_t most);

/// Largest attestation, and challenge, that is read. OpenSSH's hold a certificate and a few numbers.
inline constexpr std::size_t kMaxAttestation = 16UL * 1024;

/// Says on standard error why the service did not take a key, in words about SSH keys.
ExitCode refuse_ssh_key(const Error &error);

/// "SHA256:..." of "TYPE BASE64"; empty for what is none.
std::string fingerprint_of(const std::string &line);

/// Says on standard error what is still to be done before sshd takes it: nothing if sshd asks the service.
void advise_about_sshd();

/// Says on standard error that sshd's list of revoked keys is out of date now: nothing if it has none.
void advise_about_revoked_keys();

/// passkeyctl enroll --ssh, from the file to what comes next.
ExitCode enroll_ssh_key(const UserName &user, const SshKeyFiles &files);

}  // namespace passkeyd::cli
