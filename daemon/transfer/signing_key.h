/// The key that this machine signs its exports with: Ed25519 (RFC 8032), in a file of its own beside the
/// ledger, made when it is first needed. Whoever imports an export elsewhere knows the machine by its
/// fingerprint.
#pragma once

#include <openssl/evp.h>

#include <optional>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/handle.h"
#include "common/result.h"

namespace passkeyd::transfer {

inline constexpr std::size_t kPublicKeyBytes = 44;  ///< DER SubjectPublicKeyInfo (RFC 8410)
inline constexpr std::size_t kSignatureBytes = 64;
inline constexpr std::size_t kFingerprintChars = 50;

class SigningKey {
 public:
  /// The key in `directory`; nullopt: there is none yet. Errors: Corrupt (damaged, no Ed25519 key, open to
  /// others: it is never replaced), NotConfigured (the directory is open to others), Io.
  static Result<std::optional<SigningKey>> find(const std::string &directory);
  /// The same, making one if there is none. Errors: also StorageFull.
  static Result<SigningKey> find_or_make(const std::string &directory);

  [[nodiscard]] const Bytes &public_key() const { return public_key_; }
  /// Errors: Internal.
  [[nodiscard]] Result<Bytes> sign(std::string_view text) const;

 private:
  using Key = Handle<EVP_PKEY, EVP_PKEY_free>;
  SigningKey(Key key, Bytes public_key) : key_(std::move(key)), public_key_(std::move(public_key)) {}
  static Result<SigningKey> of(Key key, const std::string &path);
  static Result<SigningKey> read(const std::string &path);

  Key key_;
  Bytes public_key_;  ///< SubjectPublicKeyInfo
};

/// "SHA256:" and the SHA-256 of the SubjectPublicKeyInfo in base64 without padding.
std::string fingerprint_of(ByteView public_key);

/// Has it the form of a fingerprint?
bool is_fingerprint(std::string_view text);

/// Did the owner of `public_key` sign this text? False also for what is no key.
bool is_signed(ByteView public_key, std::string_view text, ByteView signature);

}  // namespace passkeyd::transfer
