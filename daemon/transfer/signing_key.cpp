/// The machine's signing key, by OpenSSL.
#include "daemon/transfer/signing_key.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/secret.h"
#include "ledger/state_file.h"
#include "webauthn/hash.h"

namespace passkeyd::transfer {
namespace {

using Bio = Handle<BIO, BIO_free_all>;
using Digest = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using Pkey = Handle<EVP_PKEY, EVP_PKEY_free>;

constexpr std::string_view kPrefix = "SHA256:";

std::string path_in(const std::string &directory) {
  return directory + "/export.key";
}

Error damaged(const std::string &path, const char *what) {
  return {ErrorKind::Corrupt,
          path + " " + what +
              ": restore it from a backup, or move it away; then a new key is made, and what the old one"
              " signed is imported with its fingerprint"};
}

Result<Bytes> public_half(const Pkey &key) {
  std::uint8_t *der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  if (size <= 0) return Error{ErrorKind::Internal, "OpenSSL cannot write a public key"};
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

/// Errors: Io.
Result<Secret> read_file(const std::string &path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file) return errno_error("open " + path, errno);
  std::array<char, Secret::kMaxBytes + 1> text{};
  const ssize_t got = read(file.get(), text.data(), text.size());
  if (got < 0) return errno_error("read " + path, errno);
  const bool fits = static_cast<std::size_t>(got) <= Secret::kMaxBytes;
  Secret secret(bytes_of({text.data(), fits ? static_cast<std::size_t>(got) : 0}));
  explicit_bzero(text.data(), text.size());
  return secret;
}

/// A new private key as PKCS#8 in PEM.
Result<Secret> new_key() {
  const Pkey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const Bio memory(BIO_new(BIO_s_secmem()));
  char *text = nullptr;
  if (!key || !memory ||
      PEM_write_bio_PKCS8PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return Error{ErrorKind::Internal, "OpenSSL cannot make an Ed25519 key"};
  const long size = BIO_get_mem_data(memory.get(), &text);
  return Secret::parse({text, static_cast<std::size_t>(size)});
}

}  // namespace

Result<SigningKey> SigningKey::of(Key key, const std::string &path) {
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519)
    return damaged(path, "is damaged, or holds no Ed25519 key");
  Bytes half = TRY(public_half(key));
  return SigningKey(std::move(key), std::move(half));
}

Result<SigningKey> SigningKey::read(const std::string &path) {
  const Secret text = TRY(read_file(path));
  const Bio memory(BIO_new_mem_buf(text.bytes().data(), static_cast<int>(text.size())));
  if (!memory) return Error{ErrorKind::Internal, "OpenSSL is out of memory"};
  // A passphrase is never asked for: the empty one is what an encrypted file gets.
  const auto no_passphrase = [](char *, int, int, void *) { return 0; };
  return of(Key(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr)), path);
}

Result<std::optional<SigningKey>> SigningKey::find(const std::string &directory) {
  const StateFile file = TRY(examine_state_file(path_in(directory)));
  if (!file.exists) return std::optional<SigningKey>();
  return std::optional(TRY(read(file.path)));
}

Result<SigningKey> SigningKey::find_or_make(const std::string &directory) {
  const StateFile file = TRY(examine_state_file(path_in(directory)));
  if (!file.exists) {
    const Secret made = TRY(new_key());
    TRY(create_state_file(file, made.bytes()));
  }
  return read(file.path);  // what lies there now, also if somebody else was quicker
}

Result<Bytes> SigningKey::sign(std::string_view text) const {
  const Digest digest(EVP_MD_CTX_new());
  Bytes signature(kSignatureBytes);
  std::size_t size = signature.size();
  const ByteView signed_text = bytes_of(text);
  if (!digest || EVP_DigestSignInit(digest.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(digest.get(), signature.data(), &size, signed_text.data(), signed_text.size()) != 1 ||
      size != signature.size())
    return Error{ErrorKind::Internal, "OpenSSL cannot sign"};
  return signature;
}

std::string fingerprint_of(ByteView public_key) {
  const Sha256 hash = sha256(public_key);
  std::array<std::uint8_t, 4 * ((sizeof(Sha256) + 2) / 3) + 1> base64{};
  const int size = EVP_EncodeBlock(base64.data(), hash.data(), static_cast<int>(hash.size()));
  std::string text(kPrefix);
  text.append(reinterpret_cast<const char *>(base64.data()), static_cast<std::size_t>(size));
  text.erase(text.find('='));
  return text;
}

bool is_fingerprint(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  return text.size() == kFingerprintChars && text.starts_with(kPrefix) &&
         std::all_of(text.begin() + kPrefix.size(), text.end(), fits);
}

bool is_signed(ByteView public_key, std::string_view text, ByteView signature) {
  if (public_key.size() != kPublicKeyBytes || signature.size() != kSignatureBytes) return false;
  const std::uint8_t *der = public_key.data();
  const Pkey key(d2i_PUBKEY(nullptr, &der, static_cast<long>(public_key.size())));
  if (!key || der != public_key.data() + public_key.size() ||
      EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519)
    return false;
  const Digest digest(EVP_MD_CTX_new());
  const ByteView signed_text = bytes_of(text);
  return digest && EVP_DigestVerifyInit(digest.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(digest.get(), signature.data(), signature.size(), signed_text.data(),
                          signed_text.size()) == 1;
}

}  // namespace passkeyd::transfer
