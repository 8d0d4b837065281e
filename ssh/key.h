/// Key: an OpenSSH public key that lives in a security key (sk-ssh-ed25519@openssh.com,
/// sk-ecdsa-sha2-nistp256@openssh.com; PROTOCOL.u2f of OpenSSH), as a value: from text or blob, and back. No
/// other kinds of keys: those can be copied.
#pragma once

#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/result.h"
#include "webauthn/credential.h"

namespace passkeyd::ssh {

struct Key {
  std::string type;  ///< "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
  RpId application;  ///< "ssh:" and, perhaps, more
  PublicKey key;     ///< the same key as COSE
  Bytes blob;        ///< SSH's own form, what agents and sshd know it by
};

/// Longest line of a public key file that is read, in bytes.
inline constexpr std::size_t kMaxLine = 4096;

/// A line of a .pub file: type, base64, perhaps a comment, which is given back in `comment` if wanted.
/// Options before the type are refused. Errors: InvalidInput (no such line), Unsupported (a key that is not
/// in a security key), both with a sentence for people.
Result<Key> key_from_line(std::string_view line, std::string *comment = nullptr);
/// The blob of a key, or of a certificate for one (sk-*-cert-v01@openssh.com): its key then. Errors: as
/// above.
Result<Key> key_from_blob(ByteView blob);
/// The key of a credential of Way::Ssh. Errors: Corrupt.
Result<Key> key_of(const Credential &credential);

/// "sk-ssh-ed25519@openssh.com AAAA...", without a comment.
std::string line_of(const Key &key);
/// What a credential of this key has as its id (32 bytes): of its own for each account. A public key is no
/// secret, and nobody who enrolls another's takes anything away from them.
Bytes credential_id_of(const Key &key, const UserName &owner);
/// SHA-256 of a key's blob: what the key is called, whosever it is.
Bytes key_hash(ByteView blob);
/// "SHA256:..." as ssh-keygen -l writes it.
std::string fingerprint(const Key &key);

}  // namespace passkeyd::ssh
