/// Templates of endorsement keys, and reading certificates.
#include "tpm/endorsement.h"

#include <algorithm>
#include <array>

namespace passkeyd::tpm {
namespace {

/// fixedTPM | fixedParent | sensitiveDataOrigin | adminWithPolicy | restricted | decrypt.
constexpr TPMA_OBJECT kLow = 0x300b2;
/// The same, and userWithAuth.
constexpr TPMA_OBJECT kHigh = 0x300f2;

/// PolicySecret of the endorsement hierarchy ("PolicyA"), and that or an index' policy ("PolicyB").
constexpr std::array<std::uint8_t, 32> kPolicyA = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};
constexpr std::array<std::uint8_t, 32> kPolicyB = {
    0xca, 0x3d, 0x0a, 0x99, 0xa2, 0xb9, 0x39, 0x06, 0xf7, 0xa3, 0x34, 0x24, 0x14, 0xef, 0xcf, 0xb3,
    0xa3, 0x85, 0xd4, 0x4c, 0xd1, 0xfd, 0x45, 0x90, 0x89, 0xd1, 0x9b, 0x50, 0x71, 0xc0, 0xb7, 0xa0};
constexpr std::array<std::uint8_t, 48> kPolicyB384 = {
    0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a,
    0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4, 0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca,
    0xcb, 0x47, 0xba, 0x09, 0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12};

struct Template {
  EndorsementKind kind;
  TPM2_HANDLE certificate;  ///< where it would be
  TPMA_OBJECT attributes;
  TPM2_ALG_ID name_hash;
  std::span<const std::uint8_t> policy;
  TPM2_ECC_CURVE curve;  ///< TPM2_ECC_NONE: RSA with 2048 bits
  UINT16 aes_bits;
  UINT16 unique;  ///< zeros in each part of the template's unique field
};

/// In the order in which certificates are looked for.
constexpr std::array kTemplates = {
    Template{EndorsementKind::EccP256, 0x01c0000a, kLow, TPM2_ALG_SHA256, kPolicyA, TPM2_ECC_NIST_P256, 128,
             32},
    Template{EndorsementKind::EccP256High, 0x01c00014, kHigh, TPM2_ALG_SHA256, kPolicyB, TPM2_ECC_NIST_P256,
             128, 0},
    Template{EndorsementKind::EccP384High, 0x01c00016, kHigh, TPM2_ALG_SHA384, kPolicyB384,
             TPM2_ECC_NIST_P384, 256, 0},
    Template{EndorsementKind::Rsa2048, 0x01c00002, kLow, TPM2_ALG_SHA256, kPolicyA, TPM2_ECC_NONE, 128, 256},
    Template{EndorsementKind::Rsa2048High, 0x01c00012, kHigh, TPM2_ALG_SHA256, kPolicyB, TPM2_ECC_NONE, 128,
             0},
};
constexpr TPM2_HANDLE kFirstCertificate = 0x01c00002, kLastCertificate = 0x01c00016;

const Template &template_of(EndorsementKind kind) {
  return *std::ranges::find(kTemplates, kind, &Template::kind);  // every kind has a row
}

TPM2B_PUBLIC area_of(const Template &row) {
  TPM2B_PUBLIC area = {};
  TPMT_PUBLIC &key = area.publicArea;
  key.nameAlg = row.name_hash;
  key.objectAttributes = row.attributes;
  key.authPolicy.size = static_cast<UINT16>(row.policy.size());
  std::ranges::copy(row.policy, key.authPolicy.buffer);
  TPMT_SYM_DEF_OBJECT inner = {};
  inner.algorithm = TPM2_ALG_AES;
  inner.keyBits.aes = row.aes_bits;
  inner.mode.aes = TPM2_ALG_CFB;
  if (row.curve == TPM2_ECC_NONE) {
    key.type = TPM2_ALG_RSA;
    key.parameters.rsaDetail.symmetric = inner;
    key.parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
    key.parameters.rsaDetail.keyBits = 2048;
    key.unique.rsa.size = row.unique;
  } else {
    key.type = TPM2_ALG_ECC;
    key.parameters.eccDetail.symmetric = inner;
    key.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
    key.parameters.eccDetail.curveID = row.curve;
    key.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
    key.unique.ecc.x.size = key.unique.ecc.y.size = row.unique;
  }
  return area;
}

Result<Primary> make(Conversation &tpm, const TPM2B_PUBLIC &area) {
  const TPM2B_SENSITIVE_CREATE no_password = {};
  const TPM2B_DATA no_data = {};
  const TPML_PCR_SELECTION no_registers = {};
  ESYS_TR object = ESYS_TR_NONE;
  TPM2B_PUBLIC *raw = nullptr;
  const TSS2_RC code = Esys_CreatePrimary(tpm.esys(), ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                          ESYS_TR_NONE, &no_password, &area, &no_data, &no_registers, &object,
                                          &raw, nullptr, nullptr, nullptr);
  const FromEsys<TPM2B_PUBLIC> made(raw);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Endorsement);
  // Not left to the line's closing: the next key needs its place in the TPM.
  return Primary{Transient(tpm.esys(), object, false), *made};
}

/// Which of the places for certificates are taken.
Result<std::vector<TPM2_HANDLE>> taken_places(Conversation &tpm) {
  TPMI_YES_NO more = 0;
  TPMS_CAPABILITY_DATA *raw = nullptr;
  const TSS2_RC code =
      Esys_GetCapability(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES,
                         kFirstCertificate, kLastCertificate - kFirstCertificate + 1, &more, &raw);
  const FromEsys<TPMS_CAPABILITY_DATA> data(raw);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Query);
  if (data->capability != TPM2_CAP_HANDLES)
    return Error{ErrorKind::Malformed, "the TPM answered about something else"};
  const TPML_HANDLE &list = data->data.handles;
  return std::vector(list.handle, list.handle + std::min<UINT32>(list.count, TPM2_MAX_CAP_HANDLES));
}

/// The certificate at the beginning of `stored`: its place may be larger than it.
Bytes without_padding(Bytes stored) {
  if (stored.size() > 4 && stored[0] == 0x30 && stored[1] == 0x82) {
    const std::size_t size = 4U + (static_cast<std::size_t>(stored[2]) << 8 | stored[3]);
    if (size < stored.size()) stored.resize(size);
  }
  return stored;
}

Result<Bytes> read(Conversation &tpm, TPM2_HANDLE place) {
  constexpr std::size_t kAtOnce = 512;  // every TPM for computers can give as much
  ESYS_TR index = ESYS_TR_NONE;
  TSS2_RC code = Esys_TR_FromTPMPublic(tpm.esys(), place, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &index);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Query);
  TPM2B_NV_PUBLIC *raw_area = nullptr;
  code = Esys_NV_ReadPublic(tpm.esys(), index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &raw_area, nullptr);
  const FromEsys<TPM2B_NV_PUBLIC> area(raw_area);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Query);
  const std::size_t size = area->nvPublic.dataSize;
  if (size > kMaxEndorsementCertificate)
    return Error{ErrorKind::Malformed, "the TPM's endorsement certificate is too long"};
  Bytes stored;
  while (stored.size() < size) {
    TPM2B_MAX_NV_BUFFER *raw = nullptr;
    const auto wanted = static_cast<UINT16>(std::min(kAtOnce, size - stored.size()));
    code = Esys_NV_Read(tpm.esys(), index, index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, wanted,
                        static_cast<UINT16>(stored.size()), &raw);
    const FromEsys<TPM2B_MAX_NV_BUFFER> part(raw);
    if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Query);
    if (part->size == 0) return Error{ErrorKind::Malformed, "the TPM gives less than it has"};
    stored.insert(stored.end(), part->buffer, part->buffer + part->size);
  }
  return without_padding(std::move(stored));
}

}  // namespace

Result<std::optional<StoredCertificate>> read_certificate(Conversation &tpm) {
  const std::vector<TPM2_HANDLE> taken = TRY(taken_places(tpm));
  for (const Template &row : kTemplates) {
    if (std::ranges::find(taken, row.certificate) == taken.end()) continue;
    Bytes der = TRY(read(tpm, row.certificate));
    return std::optional(StoredCertificate{row.kind, std::move(der)});
  }
  return std::optional<StoredCertificate>();
}

Result<Primary> make_witness(Conversation &tpm) {
  return make(tpm, witness_template());
}

Result<Primary> make_endorsement_key(Conversation &tpm, EndorsementKind kind) {
  return make(tpm, area_of(template_of(kind)));
}

bool needs_policy(EndorsementKind kind) {
  return template_of(kind).attributes == kLow;
}

}  // namespace passkeyd::tpm
