/// The assertion verifier. libfido2 checks the signature (and RP ID, flags and extensions once more); what it
/// leaves to its caller is checked here first, so that each refusal has its own name.
#include <fido.h>

#include "webauthn/checks.h"
#include "webauthn/client_data.h"
#include "webauthn/public_key.h"

namespace passkeyd {
namespace {

void free_assert(fido_assert_t *held) {
  fido_assert_free(&held);
}
using FidoAssert = Handle<fido_assert_t, free_assert>;

bool within_bounds(const Assertion &assertion) {
  return !assertion.credential_id.empty() &&
         assertion.credential_id.size() <= AuthenticatorData::kMaxIdBytes && !assertion.signature.empty() &&
         assertion.signature.size() <= kMaxSignature && assertion.user_handle.size() <= kMaxUserHandle;
}

/// This credential may answer this challenge, and is the one that did.
Refusal check_binding(const Credential &credential, const Challenge &challenge, const Assertion &assertion) {
  if (credential.state != CredentialState::Active) return Refusal::CredentialInactive;
  if (!challenge.user() || credential.owner != *challenge.user()) return Refusal::UserWrong;
  if (credential.rp_id != challenge.rp_id()) return Refusal::RpIdWrong;
  if (credential.id != assertion.credential_id) return Refusal::CredentialWrong;
  // Only discoverable credentials come with a handle, and old ones were stored without.
  const bool both = !assertion.user_handle.empty() && !credential.user_handle.empty();
  if (both && assertion.user_handle != credential.user_handle) return Refusal::UserHandleWrong;
  return Refusal::None;
}

/// The policy decides, for each ceremony anew. Where it has no opinion, a credential keeps to what it was
/// enrolled with.
bool must_be_verified(const Credential &credential, const Challenge &challenge) {
  switch (challenge.user_verification()) {
    case UserVerification::Discouraged:
      return false;
    case UserVerification::Preferred:
      return credential.user_verification;
    case UserVerification::Required:
      break;
  }
  return true;
}

Refusal check_data(const AuthenticatorData &data, const Credential &credential, bool uv_required) {
  if (data.attested) return Refusal::Malformed;  // only a registration attests a key (section 6.1)
  if (data.has(flag::kExtensions)) return Refusal::ExtensionsWrong;  // none is asked for at a login
  const Refusal refusal = check_flags(data, credential.rp_id, uv_required);
  if (refusal != Refusal::None) return refusal;
  if (data.has(flag::kBackupEligible) != credential.backup_eligible) return Refusal::BackupFlagsWrong;
  return Refusal::None;
}

Refusal check_signature(const Credential &credential, const Assertion &assertion, bool uv_required) {
  const Result<VerifyKey> key = VerifyKey::from_cose(credential.key.cose);
  if (!key) return refusal_of(key.error());
  if (key->algorithm() != credential.key.algorithm) return Refusal::AlgorithmWrong;

  const Sha256 hash = sha256(bytes_of(assertion.client_data));
  const Bytes &data = assertion.authenticator_data;
  const Bytes &signature = assertion.signature;
  const FidoAssert held(fido_assert_new());
  fido_assert_t *const fido = held.get();
  const bool ready = fido != nullptr && fido_assert_set_count(fido, 1) == FIDO_OK &&
                     fido_assert_set_rp(fido, credential.rp_id.str().c_str()) == FIDO_OK &&
                     fido_assert_set_clientdata_hash(fido, hash.data(), hash.size()) == FIDO_OK &&
                     fido_assert_set_authdata_raw(fido, 0, data.data(), data.size()) == FIDO_OK &&
                     fido_assert_set_sig(fido, 0, signature.data(), signature.size()) == FIDO_OK &&
                     fido_assert_set_extensions(fido, 0) == FIDO_OK &&
                     fido_assert_set_up(fido, FIDO_OPT_TRUE) == FIDO_OK &&
                     fido_assert_set_uv(fido, uv_required ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) == FIDO_OK;
  if (!ready) return Refusal::Malformed;
  const int verified = fido_assert_verify(fido, 0, static_cast<int>(key->algorithm()), key->get());
  return verified == FIDO_OK ? Refusal::None : Refusal::SignatureWrong;
}

/// Zero means "no counter": a key whose copies live on several devices cannot count (section 6.1.1).
bool went_back(std::uint32_t stored, std::uint32_t shown) {
  return (stored != 0 || shown != 0) && shown <= stored;
}

Verification refused(Refusal refusal) {
  return Verification{.verdict = Verdict::Denied, .refusal = refusal};
}

}  // namespace

Verification verify(const Credential &credential, Challenge challenge, const Assertion &assertion,
                    BootTime now) {
  if (!within_bounds(assertion)) return refused(Refusal::Malformed);
  Refusal refusal = check_binding(credential, challenge, assertion);
  if (refusal != Refusal::None) return refused(refusal);
  refusal = check_client_data(assertion.client_data, challenge, Ceremony::Get, now);
  if (refusal != Refusal::None) return refused(refusal);

  const Result<AuthenticatorData> data = AuthenticatorData::parse(assertion.authenticator_data);
  if (!data) return refused(refusal_of(data.error()));
  const bool uv_required = must_be_verified(credential, challenge);
  refusal = check_data(data.value(), credential, uv_required);
  if (refusal != Refusal::None) return refused(refusal);
  refusal = check_signature(credential, assertion, uv_required);
  if (refusal != Refusal::None) return refused(refusal);

  Verification result{.verdict = Verdict::Denied,
                      .refusal = Refusal::CounterWentBack,
                      .counter = data->counter,
                      .user_verified = data->has(flag::kUserVerified),
                      .backed_up = data->has(flag::kBackedUp)};
  if (went_back(credential.counter, data->counter)) return result;
  result.verdict = Verdict::Granted;
  result.refusal = Refusal::None;
  return result;
}

}  // namespace passkeyd
