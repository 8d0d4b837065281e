/// Finding and making storage root keys.
#include "tpm/parent.h"

namespace passkeyd::tpm {
namespace {

/// What Esys_TR_FromTPMPublic answers for a handle with nothing behind it.
constexpr TSS2_RC kNothingThere = TPM2_RC_HANDLE + TPM2_RC_1;

Result<Parent> make(Conversation &tpm, TPM2_HANDLE handle) {
  const TPM2B_SENSITIVE_CREATE no_password = {};
  const TPM2B_PUBLIC area = root_key_template();
  const TPM2B_DATA no_data = {};
  const TPML_PCR_SELECTION no_registers = {};
  ESYS_TR object = ESYS_TR_NONE;
  TPM2B_PUBLIC *raw = nullptr;
  TSS2_RC code = Esys_CreatePrimary(tpm.esys(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &no_password, &area, &no_data, &no_registers, &object, &raw,
                                    nullptr, nullptr, nullptr);
  const FromEsys<TPM2B_PUBLIC> made(raw);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Owner);
  // Not left to the line's closing: Create and Load still need its place in the TPM.
  const Transient primary(tpm.esys(), object, false);
  ESYS_TR kept = ESYS_TR_NONE;
  code = Esys_EvictControl(tpm.esys(), ESYS_TR_RH_OWNER, primary.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                           ESYS_TR_NONE, handle, &kept);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Owner);
  Esys_TR_Close(tpm.esys(), &kept);
  return Parent{handle, *made};
}

}  // namespace

Result<std::optional<Parent>> parent_at(Conversation &tpm, TPM2_HANDLE handle) {
  ESYS_TR reference = ESYS_TR_NONE;
  TSS2_RC code =
      Esys_TR_FromTPMPublic(tpm.esys(), handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &reference);
  if (code == kNothingThere) return std::optional<Parent>();
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Query);
  std::uint8_t *raw = nullptr;
  std::size_t size = 0;
  code = Esys_TR_Serialize(tpm.esys(), reference, &raw, &size);
  const FromEsys<std::uint8_t> form(raw);
  Esys_TR_Close(tpm.esys(), &reference);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Query);
  return std::optional(TRY(from_esys_form({form.get(), size})));
}

Result<std::optional<Bytes>> name_at(Conversation &tpm, TPM2_HANDLE handle) {
  const std::optional<Parent> there = TRY(parent_at(tpm, handle));
  if (!there) return std::optional<Bytes>();
  return std::optional(TRY(name_of(there->area)));
}

Result<std::optional<Parent>> find_or_make_parent(Conversation &tpm, TPM2_HANDLE handle) {
  std::optional<Parent> there = TRY(parent_at(tpm, handle));
  if (!there) there = TRY(make(tpm, handle));
  if (!is_root_key(there->area)) return std::optional<Parent>();
  return there;
}

}  // namespace passkeyd::tpm
