/// The story of one proof.
#include "daemon/platform_proof.h"

#include <openssl/crypto.h>

#include "common/log.h"
#include "common/random.h"
#include "daemon/errand.h"
#include "webauthn/authenticator_data.h"
#include "webauthn/platform_proof.h"

namespace passkeyd {
namespace {

/// A TPM of the slow kind takes half a minute to make an RSA key.
constexpr std::chrono::seconds kPatience{60};

using EndorsementKey = Handle<EVP_PKEY, EVP_PKEY_free>;

/// What is known once the statement was found good.
struct Introduced {
  Bytes witness;  ///< its Name
  EndorsementCertificate endorsement;
};

/// Errors: Unsupported for an endorsement that we cannot use, which is nobody's fault; see check_statement.
Result<Introduced> check(const PlatformProof &proof, const Registration &made,
                         const std::vector<Bytes> &roots, WallTime now) {
  const AuthenticatorData data = TRY(AuthenticatorData::parse(made.authenticator_data));
  if (!data.attested) return Error{ErrorKind::Malformed, "the registration holds no key"};
  const Sha256 subject = subject_of(made.authenticator_data, made.client_data);
  Introduced introduced;
  introduced.witness = TRY(check_statement(proof, data.attested->cose, subject));
  if (proof.certificate.empty()) {
    introduced.endorsement.key = TRY(endorsement_key(proof.endorsement, proof.point));
    return introduced;
  }
  Result<EndorsementCertificate> read = read_endorsement(proof.certificate, roots, now);
  if (!read) return Error{ErrorKind::Unsupported, read.error().sentence};
  introduced.endorsement = std::move(read).value();
  return introduced;
}

Result<Secret> fresh_secret() {
  Bytes random = TRY(random_bytes(32));
  Secret secret(random);
  OPENSSL_cleanse(random.data(), random.size());
  return secret;
}

/// Whether the TPM with this endorsement key holds the witness. Errors: Untrusted if it gives another secret
/// than the one that was wrapped; all others: it did not do it.
Task<Status> activate(House &house, const PlatformProof &proof, const Introduced &introduced) {
  const Result<Secret> secret = fresh_secret();
  if (!secret) co_return secret.error();
  Result<WrappedSecret> wrapped =
      wrap_for(proof.endorsement, introduced.endorsement.key.get(), introduced.witness, secret->bytes());
  if (!wrapped) co_return wrapped.error();
  std::string tcti = house.config.tcti;
  wire::Request request = wire::Activate{tcti, proof.endorsement, std::move(wrapped).value()};
  const Result<Returned<wire::Activated>> told =
      co_await errand<wire::Activated>(house, std::move(request), std::move(tcti), {}, kPatience);
  if (!told) co_return told.error();
  const Bytes &given = told->value.secret;
  if (given.size() != secret->size() ||
      CRYPTO_memcmp(given.data(), secret->bytes().data(), given.size()) != 0)
    co_return Error{ErrorKind::Untrusted, "the TPM gives another secret than the one it was asked for"};
  co_return Ok{};
}

Provenance judged(const PlatformProof &proof, const EndorsementCertificate &endorsement) {
  Provenance provenance{.attestation = Attestation::Untrusted};
  if (proof.certificate.empty()) return provenance;
  provenance.certificate = proof.certificate;
  provenance.attested_by = endorsement.root.value_or(endorsement.issuer);
  if (!endorsement.root) return provenance;
  provenance.attestation = Attestation::Trusted;
  if (!endorsement.product.empty()) provenance.device = "TPM (" + endorsement.product + ")";
  return provenance;
}

bool is_wrong(ErrorKind kind) {
  return kind == ErrorKind::Untrusted || kind == ErrorKind::Malformed;
}

/// To people it is a chip that does not work; what it did is for the log.
Error refused(const Error &error) {
  return {ErrorKind::TpmBroken, "the TPM's proof is wrong: " + error.sentence};
}

/// A TPM that cannot prove anything, as far as that is enough.
Result<Provenance> without_proof(ProofIs proof_is, const std::string &why) {
  log_line(LogLevel::Notice, "the TPM proves nothing for its new key: " + log_safe(why));
  if (proof_is == ProofIs::Required) return Error{ErrorKind::NotAttested, "attestation is required: " + why};
  return Provenance{};
}

}  // namespace

void Provenance::put_into(Credential &credential) const {
  credential.attestation = attestation;
  credential.attested_by = attested_by;
  credential.certificates = certificate;
  if (!device.empty()) credential.device = device;
}

Task<Result<Provenance>> prove_platform(House &house, Face &face, Registration made, ProofIs proof_is) {
  if (!made.proof || !made.proof->problem.empty())
    co_return without_proof(proof_is, made.proof ? made.proof->problem : "nothing was said");
  const PlatformProof &proof = *made.proof;
  const Result<Introduced> introduced = check(proof, made, house.config.trusted_tpms, house.clock.wall());
  if (!introduced && is_wrong(introduced.error().kind)) co_return refused(introduced.error());
  if (!introduced) co_return without_proof(proof_is, introduced.error().sentence);
  face.tell(Say(Step::Tell, message::kWorking));
  const Status activated = co_await activate(house, proof, introduced.value());
  if (!activated && is_wrong(activated.error().kind)) co_return refused(activated.error());
  if (!activated) co_return without_proof(proof_is, activated.error().sentence);
  const Provenance provenance = judged(proof, introduced->endorsement);
  if (proof_is == ProofIs::Required && provenance.attestation != Attestation::Trusted)
    co_return Error{ErrorKind::NotAttested,
                    "attestation is required, and the TPM's certificate leads to nothing that is trusted"};
  co_return provenance;
}

}  // namespace passkeyd
