/// Reading attestation files, and having them verified.
#include "ssh/attestation.h"

#include <openssl/evp.h>

#include "ssh/wire.h"
#include "webauthn/authenticator_data.h"
#include "webauthn/cbor.h"
#include "webauthn/certificate.h"
#include "webauthn/challenge.h"
#include "webauthn/cose.h"
#include "webauthn/verify.h"

namespace passkeyd::ssh {
namespace {

constexpr std::string_view kMagic = "ssh-sk-attest-v01";
constexpr std::string_view kOldMagic = "ssh-sk-attest-v00";
constexpr std::int64_t kVerifiedAlways = 3;  // credProtect: userVerificationRequired

Error no_attestation() {
  return {ErrorKind::InvalidInput, "That is no attestation as ssh-keygen writes it."};
}

/// What is in the file, borrowed from it.
struct Parts {
  ByteView certificate;  ///< empty: the key speaks for itself
  ByteView signature;
  ByteView authenticator_data;
};

Result<Parts> parts_of(ByteView file) {
  if (file.size() > kMaxAttestationFile) return no_attestation();
  Reader reader(file);
  const std::optional<std::string_view> magic = reader.text();
  if (magic == kOldMagic)
    return Error{ErrorKind::Unsupported, "Attestations of OpenSSH before 8.4 leave out what was signed."};
  if (magic != kMagic) return no_attestation();
  const std::optional<ByteView> certificate = reader.string();
  const std::optional<ByteView> signature = certificate ? reader.string() : std::nullopt;
  const std::optional<ByteView> wrapped = signature ? reader.string() : std::nullopt;
  const std::optional<std::uint32_t> flags = wrapped ? reader.number() : std::nullopt;  // reserved
  if (!flags || !reader.string() || !reader.at_end()) return no_attestation();
  cbor::Reader unwrap(*wrapped);
  const std::optional<ByteView> data = unwrap.byte_string();
  if (!data || !unwrap.at_end()) return no_attestation();
  return Parts{*certificate, *signature, *data};
}

/// COSE's number for what a certificate's key signs with; 0 for keys that attest nothing here.
int algorithm_of(const X509 *certificate) {
  if (has_p256_key(certificate)) return static_cast<int>(Algorithm::Es256);
  const EVP_PKEY *key = X509_get0_pubkey(certificate);
  if (key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
    return static_cast<int>(Algorithm::EdDsa);
  if (key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) return static_cast<int>(Algorithm::Rs256);
  return 0;
}

Bytes packed(const Parts &parts) {
  const Certificate certificate = read_certificate(parts.certificate);
  cbor::Writer writer;
  writer.map(3).text("alg").integer(certificate ? algorithm_of(certificate.get()) : 0);
  writer.text("sig").byte_string(parts.signature);
  writer.text("x5c").array(1).byte_string(parts.certificate);
  return writer.take();
}

Bytes fido_u2f(const Parts &parts) {
  cbor::Writer writer;
  writer.map(2).text("sig").byte_string(parts.signature);
  writer.text("x5c").array(1).byte_string(parts.certificate);
  return writer.take();
}

/// The file does not say which kind of statement it holds. Without a certificate it is the key's own; with
/// one it is "packed", or "fido-u2f" as far as that can be: a statement of either kind verifies as no other.
std::vector<Registration> readings(const Parts &parts, const Key &key, const std::string &challenge) {
  Registration as;
  as.authenticator_data = copy_of(parts.authenticator_data);
  as.client_data = challenge;
  as.format = "packed";
  as.attestation =
      parts.certificate.empty() ? packed_self_attestation(key.key.algorithm, parts.signature) : packed(parts);
  std::vector<Registration> all{as};
  if (parts.certificate.empty() || key.key.algorithm != Algorithm::Es256) return all;
  as.format = "fido-u2f";
  as.attestation = fido_u2f(parts);
  all.push_back(std::move(as));
  return all;
}

/// By its extensions, of which the verifier has let none through but credProtect.
bool is_verified_always(ByteView authenticator_data) {
  const Result<AuthenticatorData> data = AuthenticatorData::parse(authenticator_data);
  if (!data) return false;
  cbor::Reader reader(data->extensions);
  return reader.map() == 1U && reader.text() == "credProtect" && reader.integer() == kVerifiedAlways;
}

}  // namespace

Result<Credential> attested_credential(const Key &key, const Evidence &evidence, const Account &owner,
                                       BootTime now) {
  const Parts parts = TRY(parts_of(evidence.attestation));
  if (evidence.challenge.empty() || evidence.challenge.size() > kMaxAttestationFile)
    return Error{ErrorKind::InvalidInput, "An attestation needs the challenge that it was made over."};
  const std::string challenge(evidence.challenge.begin(), evidence.challenge.end());
  Result<Credential> made = no_attestation();
  for (const Registration &reading : readings(parts, key, challenge)) {
    // What the key was made for and by whom is in the signed data; that it was made for us, nobody claims.
    Challenge over =
        TRY(Challenge::over(challenge, key.application, owner, UserVerification::Discouraged, now));
    made = verify_registration(std::move(over), reading, now);
    if (made) break;
  }
  if (!made) return made.error();
  if (made->key.algorithm != key.key.algorithm || point_of(made->key) != point_of(key.key))
    return Error{ErrorKind::InvalidInput, "The attestation is for another key."};
  made->id = credential_id_of(key, owner.name);
  made->key = key.key;
  made->user_verification = is_verified_always(parts.authenticator_data);
  return made;
}

}  // namespace passkeyd::ssh
