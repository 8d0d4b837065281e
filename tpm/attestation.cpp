/// Certify, and ActivateCredential.
#include "tpm/attestation.h"

#include "tpm/endorsement.h"
#include "tpm/marshal.h"

namespace passkeyd::tpm {
namespace {

Result<Bytes> marshalled(const TPM2B_PUBLIC &area) {
  return Writer().add(area.publicArea, Tss2_MU_TPMT_PUBLIC_Marshal).take();
}

/// What verifiers without a TPM take for a point on P-256.
Bytes encoded(const Point &point) {
  Bytes bytes = {0x04};
  bytes.insert(bytes.end(), point.x.begin(), point.x.end());
  bytes.insert(bytes.end(), point.y.begin(), point.y.end());
  return bytes;
}

Status name_endorsement(Conversation &tpm, PlatformProof &proof) {
  if (std::optional<StoredCertificate> stored = TRY(read_certificate(tpm))) {
    proof.endorsement = stored->kind;
    proof.certificate = std::move(stored->der);
    return Ok{};
  }
  proof.endorsement = EndorsementKind::EccP256;
  const Primary key = TRY(make_endorsement_key(tpm, proof.endorsement));
  proof.point = encoded(point_of(key.area));
  return Ok{};
}

Result<PlatformProof> try_to_introduce(Conversation &tpm, const Transient &key, Transient &session,
                                       const TPM2B_PUBLIC &area, const Sha256 &subject) {
  PlatformProof proof;
  proof.key = TRY(marshalled(area));
  {
    const Primary witness = TRY(make_witness(tpm));
    proof.witness = TRY(marshalled(witness.area));
    Conversation::Certified certified = TRY(tpm.certify(key, witness.key, session, subject));
    proof.statement = std::move(certified.statement);
    proof.signature = std::move(certified.signature);
  }
  TRY(name_endorsement(tpm, proof));
  return proof;
}

/// A policy session in which the endorsement hierarchy has agreed: what low-range keys want. Two commands.
Result<Transient> agreed(Conversation &tpm) {
  const TPMT_SYM_DEF plain = {.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};
  ESYS_TR object = ESYS_TR_NONE;
  TSS2_RC code =
      Esys_StartAuthSession(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                            nullptr, TPM2_SE_POLICY, &plain, TPM2_ALG_SHA256, &object);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Endorsement);
  Transient session = tpm.adopt(object);
  code = Esys_PolicySecret(tpm.esys(), ESYS_TR_RH_ENDORSEMENT, session.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                           ESYS_TR_NONE, nullptr, nullptr, nullptr, 0, nullptr, nullptr);
  if (code == TSS2_RC_SUCCESS)
    code = Esys_TRSess_SetAttributes(tpm.esys(), session.get(), 0, 0xff);  // ends with its use
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Endorsement);
  return session;
}

/// `from` in a structure of the TPM's. Errors: Malformed if it has no room for it.
template <class Sized>
Status fill(Sized &to, BYTE *buffer, std::size_t room, ByteView from) {
  if (from.size() > room) return Error{ErrorKind::Malformed, "the wrapped secret is too long for a TPM"};
  to.size = static_cast<UINT16>(from.size());
  std::copy(from.begin(), from.end(), buffer);
  return Ok{};
}

}  // namespace

PlatformProof introduce(Conversation &tpm, const Transient &key, Transient &session, const TPM2B_PUBLIC &area,
                        const Sha256 &subject) {
  Result<PlatformProof> proof = try_to_introduce(tpm, key, session, area, subject);
  if (proof) return std::move(proof).value();
  PlatformProof none;
  none.problem = proof.error().sentence;
  return none;
}

Result<Bytes> activate(Conversation &tpm, EndorsementKind kind, const WrappedSecret &wrapped) {
  TPM2B_ID_OBJECT blob = {};
  TRY(fill(blob, blob.credential, sizeof blob.credential, wrapped.blob));
  TPM2B_ENCRYPTED_SECRET seed = {};
  TRY(fill(seed, seed.secret, sizeof seed.secret, wrapped.seed));
  const Primary endorsement = TRY(make_endorsement_key(tpm, kind));
  const Primary witness = TRY(make_witness(tpm));
  std::optional<Transient> policy;
  if (needs_policy(kind)) policy.emplace(TRY(agreed(tpm)));
  TPM2B_DIGEST *raw = nullptr;
  const TSS2_RC code =
      Esys_ActivateCredential(tpm.esys(), witness.key.get(), endorsement.key.get(), ESYS_TR_PASSWORD,
                              policy ? policy->get() : ESYS_TR_PASSWORD, ESYS_TR_NONE, &blob, &seed, &raw);
  const FromEsys<TPM2B_DIGEST> secret(raw);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Endorsement);
  if (policy) policy->ended();
  return copy_of(ByteView(secret->buffer).first(secret->size));
}

}  // namespace passkeyd::tpm
