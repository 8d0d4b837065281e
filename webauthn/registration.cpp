/// The registration verifier: from what an authenticator answered to what is worth storing.
#include "webauthn/attestation.h"
#include "webauthn/checks.h"
#include "webauthn/client_data.h"
#include "webauthn/verify.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMaxPlatform = 8192;
constexpr std::size_t kMaxDevice = 128;

/// A product string comes from the device: what cannot be shown is left out.
std::string shown(const std::string &device) {
  return device.size() <= kMaxDevice && is_printable(device) ? device : std::string();
}

}  // namespace

Error refused(Refusal refusal) {
  return Error{ErrorKind::InvalidInput, "registration refused: " + std::string(name_of(refusal))};
}

Result<Credential> verify_registration(Challenge challenge, const Registration &registration, BootTime now) {
  if (registration.platform.size() > kMaxPlatform) return refused(Refusal::Malformed);
  if (!challenge.user()) return refused(Refusal::UserWrong);
  Refusal refusal = check_client_data(registration.client_data, challenge, Ceremony::Create, now);
  if (refusal != Refusal::None) return refused(refusal);

  const Result<AuthenticatorData> data = AuthenticatorData::parse(registration.authenticator_data);
  if (!data) return refused(refusal_of(data.error()));
  if (!data->attested) return refused(Refusal::Malformed);
  const bool uv_required = challenge.user_verification() == UserVerification::Required;
  refusal = check_flags(data.value(), challenge.rp_id(), uv_required);
  if (refusal != Refusal::None) return refused(refusal);

  const Result<VerifyKey> key = VerifyKey::from_cose(data->attested->cose);
  if (!key) return refused(refusal_of(key.error()));
  Attested attested =
      TRY(check_attestation(registration, {data.value(), key.value(), challenge.rp_id(), uv_required}));

  return Credential{.id = data->attested->id,
                    .key = {key->algorithm(), data->attested->cose},
                    .rp_id = challenge.rp_id(),
                    .owner = *challenge.user(),
                    .aaguid = data->attested->aaguid,
                    .device = shown(registration.device),
                    .user_verification = data->has(flag::kUserVerified),
                    .backup_eligible = data->has(flag::kBackupEligible),
                    .backed_up = data->has(flag::kBackedUp),
                    .counter = data->counter,
                    .max_allow_list = registration.max_allow_list,
                    .attestation = attested.attestation,
                    .attested_by = std::move(attested.attested_by),
                    .certificates = std::move(attested.certificates),
                    .platform = registration.platform};
}

}  // namespace passkeyd
