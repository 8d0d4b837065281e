/// Templates, Names, and the checks on public areas.
#include "tpm/areas.h"

#include <openssl/evp.h>

#include <algorithm>

#include "common/handle.h"
#include "tpm/marshal.h"

namespace passkeyd::tpm {
namespace {

constexpr UINT32 kEsysKeyResource = 1;  // IESYSC_KEY_RSRC

/// fixedTPM | fixedParent | sensitiveDataOrigin | userWithAuth | noDA | restricted | decrypt.
constexpr TPMA_OBJECT kRootKey = 0x30472;
/// fixedTPM | fixedParent | sensitiveDataOrigin | userWithAuth | sign: no noDA, so that guesses are counted.
constexpr TPMA_OBJECT kPlatformKey = 0x40072;

/// fixedTPM | fixedParent | sensitiveDataOrigin | userWithAuth | noDA | restricted | sign.
constexpr TPMA_OBJECT kWitness = 0x50472;

const EVP_MD *digest_of(TPMI_ALG_HASH algorithm) {
  switch (algorithm) {
    case TPM2_ALG_SHA256:
      return EVP_sha256();
    case TPM2_ALG_SHA384:
      return EVP_sha384();
    case TPM2_ALG_SHA512:
      return EVP_sha512();
    default:
      return nullptr;
  }
}

TPM2B_PUBLIC p256_template(TPMA_OBJECT attributes) {
  TPM2B_PUBLIC area = {};
  area.publicArea.type = TPM2_ALG_ECC;
  area.publicArea.nameAlg = TPM2_ALG_SHA256;
  area.publicArea.objectAttributes = attributes;
  TPMS_ECC_PARMS &ecc = area.publicArea.parameters.eccDetail;
  ecc.symmetric.algorithm = TPM2_ALG_NULL;
  ecc.scheme.scheme = TPM2_ALG_NULL;
  ecc.curveID = TPM2_ECC_NIST_P256;
  ecc.kdf.scheme = TPM2_ALG_NULL;
  return area;
}

void pad_left(std::array<std::uint8_t, 32> &to, const TPM2B_ECC_PARAMETER &from) {
  const std::size_t size = std::min<std::size_t>(from.size, to.size());
  std::copy_n(from.buffer, size, to.end() - static_cast<std::ptrdiff_t>(size));
}

}  // namespace

bool is_root_key(const TPM2B_PUBLIC &area) {
  const TPMT_PUBLIC &key = area.publicArea;
  return (key.type == TPM2_ALG_ECC || key.type == TPM2_ALG_RSA) && digest_of(key.nameAlg) != nullptr &&
         (key.objectAttributes & kRootKey) == kRootKey &&
         (key.objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT) == 0;
}

bool is_platform_key(const TPM2B_PUBLIC &area) {
  const TPMT_PUBLIC &key = area.publicArea;
  const TPMS_ECC_PARMS &ecc = key.parameters.eccDetail;
  return key.type == TPM2_ALG_ECC && key.nameAlg == TPM2_ALG_SHA256 && key.objectAttributes == kPlatformKey &&
         key.authPolicy.size == 0 && ecc.symmetric.algorithm == TPM2_ALG_NULL &&
         ecc.scheme.scheme == TPM2_ALG_ECDSA && ecc.scheme.details.ecdsa.hashAlg == TPM2_ALG_SHA256 &&
         ecc.curveID == TPM2_ECC_NIST_P256 && ecc.kdf.scheme == TPM2_ALG_NULL &&
         key.unique.ecc.x.size <= 32 && key.unique.ecc.y.size <= 32;
}

TPM2B_PUBLIC platform_key_template() {
  TPM2B_PUBLIC area = p256_template(kPlatformKey);
  TPMT_ECC_SCHEME &scheme = area.publicArea.parameters.eccDetail.scheme;
  scheme.scheme = TPM2_ALG_ECDSA;
  scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
  return area;
}

TPM2B_PUBLIC witness_template() {
  TPM2B_PUBLIC area = p256_template(kWitness);
  TPMT_ECC_SCHEME &scheme = area.publicArea.parameters.eccDetail.scheme;
  scheme.scheme = TPM2_ALG_ECDSA;
  scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
  return area;
}

TPM2B_PUBLIC root_key_template() {
  TPM2B_PUBLIC area = p256_template(kRootKey);
  TPMT_SYM_DEF_OBJECT &inner = area.publicArea.parameters.eccDetail.symmetric;
  inner.algorithm = TPM2_ALG_AES;
  inner.keyBits.aes = 128;
  inner.mode.aes = TPM2_ALG_CFB;
  area.publicArea.unique.ecc.x.size = 32;
  area.publicArea.unique.ecc.y.size = 32;
  return area;
}

Result<Bytes> name_of(const TPM2B_PUBLIC &area) {
  const EVP_MD *digest = digest_of(area.publicArea.nameAlg);
  if (digest == nullptr)
    return Error{ErrorKind::Malformed, "a TPM key is named by an unknown hash algorithm"};
  const Bytes marshalled = TRY(Writer().add(area.publicArea, Tss2_MU_TPMT_PUBLIC_Marshal).take());
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  if (EVP_Digest(marshalled.data(), marshalled.size(), hash.data(), &size, digest, nullptr) != 1)
    return Error{ErrorKind::Internal, "OpenSSL could not hash"};
  return Writer().add(area.publicArea.nameAlg, Tss2_MU_UINT16_Marshal).add(ByteView(hash).first(size)).take();
}

Point point_of(const TPM2B_PUBLIC &area) {
  Point point;
  pad_left(point.x, area.publicArea.unique.ecc.x);
  pad_left(point.y, area.publicArea.unique.ecc.y);
  return point;
}

Result<Bytes> esys_form(const Parent &parent) {
  const Bytes name = TRY(name_of(parent.area));
  TPM2B_NAME sized = {};
  sized.size = static_cast<UINT16>(name.size());
  std::copy(name.begin(), name.end(), sized.name);
  return Writer()
      .add(parent.handle, Tss2_MU_UINT32_Marshal)
      .add(sized, Tss2_MU_TPM2B_NAME_Marshal)
      .add(kEsysKeyResource, Tss2_MU_UINT32_Marshal)
      .add(parent.area, Tss2_MU_TPM2B_PUBLIC_Marshal)
      .take();
}

Result<Parent> from_esys_form(ByteView form) {
  Reader reader(form);
  Parent parent;
  parent.handle = TRY(reader.take(Tss2_MU_UINT32_Unmarshal));
  TRY(reader.take(Tss2_MU_TPM2B_NAME_Unmarshal));
  const UINT32 resource = TRY(reader.take(Tss2_MU_UINT32_Unmarshal));
  parent.area = TRY(reader.take(Tss2_MU_TPM2B_PUBLIC_Unmarshal));
  if (resource != kEsysKeyResource || !reader.at_end())
    return Error{ErrorKind::Malformed, "a TPM key's serialized form is not as expected"};
  return parent;
}

}  // namespace passkeyd::tpm
