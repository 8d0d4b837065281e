/// Reading and writing sk keys.
#include "ssh/key.h"

#include <openssl/evp.h>

#include <algorithm>

#include "ssh/wire.h"
#include "webauthn/base64url.h"
#include "webauthn/cose.h"
#include "webauthn/hash.h"
#include "webauthn/public_key.h"

namespace passkeyd::ssh {
namespace {

constexpr std::string_view kEd25519 = "sk-ssh-ed25519@openssh.com";
constexpr std::string_view kEcdsa = "sk-ecdsa-sha2-nistp256@openssh.com";
constexpr std::string_view kEd25519Cert = "sk-ssh-ed25519-cert-v01@openssh.com";
constexpr std::string_view kEcdsaCert = "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com";
constexpr std::string_view kCurve = "nistp256";
constexpr std::uint8_t kUncompressed = 4;

Error no_key() {
  return {ErrorKind::InvalidInput, "That is no public key as ssh-keygen writes it."};
}

/// Padded base64, without line breaks.
std::string base64(ByteView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()), bytes.data(),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<PublicKey> ed25519(Reader &reader) {
  const std::optional<ByteView> point = reader.string();
  if (!point || point->size() != 32) return std::nullopt;
  return PublicKey{Algorithm::EdDsa, ed25519_cose(point->first<32>())};
}

std::optional<PublicKey> ecdsa(Reader &reader) {
  const std::optional<std::string_view> curve = reader.text();
  const std::optional<ByteView> point = curve ? reader.string() : std::nullopt;
  if (!point || *curve != kCurve || point->size() != 65 || point->front() != kUncompressed)
    return std::nullopt;
  return PublicKey{Algorithm::Es256, es256_cose(point->subspan<1, 32>(), point->subspan<33, 32>())};
}

Bytes blob_of(std::string_view type, const Bytes &point, const RpId &application) {
  Writer writer;
  writer.text(type);
  if (type == kEcdsa) {
    Bytes uncompressed{kUncompressed};
    uncompressed.insert(uncompressed.end(), point.begin(), point.end());
    writer.text(kCurve).string(uncompressed);
  } else {
    writer.string(point);
  }
  return writer.text(application.str()).take();
}

/// Up to the first space, which is taken off `rest` as well.
std::string_view word(std::string_view &rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view first = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return first;
}

}  // namespace

Result<Key> key_from_blob(ByteView blob) {
  Reader reader(blob);
  const std::optional<std::string_view> type = reader.text();
  if (!type) return no_key();
  const bool certificate = *type == kEd25519Cert || *type == kEcdsaCert;
  const bool ed = *type == kEd25519 || *type == kEd25519Cert;
  if (!ed && *type != kEcdsa && *type != kEcdsaCert)
    return Error{ErrorKind::Unsupported,
                 "Only keys that live in a security key are taken (ssh-keygen -t ed25519-sk or ecdsa-sk)."};
  if (certificate && !reader.string()) return no_key();  // its nonce
  const std::optional<PublicKey> key = ed ? ed25519(reader) : ecdsa(reader);
  const std::optional<std::string_view> application = key ? reader.text() : std::nullopt;
  if (!application || (!certificate && !reader.at_end())) return no_key();
  Result<RpId> scope = RpId::of_ssh(*application);
  if (!scope) return Error{ErrorKind::Unsupported, "Only keys made for SSH are taken (application ssh:)."};
  TRY(VerifyKey::from_cose(key->cose));
  Key read{std::string(ed ? kEd25519 : kEcdsa), std::move(scope).value(), *key, {}};
  read.blob = blob_of(read.type, *point_of(read.key), read.application);
  return read;
}

Result<Key> key_from_line(std::string_view line, std::string *comment) {
  if (line.size() > kMaxLine) return no_key();
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.find('\n') != std::string_view::npos) return no_key();
  const std::string_view type = word(line);
  const std::optional<Bytes> blob = from_base64(word(line));
  if (!blob) return no_key();
  Key key = TRY(key_from_blob(*blob));
  if (key.type != type) return no_key();
  if (comment != nullptr) *comment = std::string(line);
  return key;
}

Result<Key> key_of(const Credential &credential) {
  const std::optional<Bytes> point = point_of(credential.key);
  if (credential.way != Way::Ssh || !credential.rp_id.is_ssh() || !point)
    return Error{ErrorKind::Corrupt, "a stored SSH key makes no sense"};
  const std::string_view type = credential.key.algorithm == Algorithm::EdDsa ? kEd25519 : kEcdsa;
  Key key{std::string(type), credential.rp_id, credential.key, blob_of(type, *point, credential.rp_id)};
  if (credential_id_of(key, credential.owner.name) != credential.id)
    return Error{ErrorKind::Corrupt, "a stored SSH key is not the one it was"};
  return key;
}

std::string line_of(const Key &key) {
  return key.type + " " + base64(key.blob);
}

Bytes credential_id_of(const Key &key, const UserName &owner) {
  Writer writer;
  writer.text("passkeyd ssh key").text(owner.str()).string(key.blob);
  return key_hash(writer.take());
}

Bytes key_hash(ByteView blob) {
  const Sha256 hash = sha256(blob);
  return Bytes(hash.begin(), hash.end());
}

std::string fingerprint(const Key &key) {
  std::string text = base64(key_hash(key.blob));
  while (text.ends_with('=')) text.pop_back();
  return "SHA256:" + text;
}

}  // namespace passkeyd::ssh
