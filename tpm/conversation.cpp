/// ESYS, command by command.
#include "tpm/conversation.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>

#include <algorithm>

namespace passkeyd::tpm {
namespace {

/// A TPM2B_AUTH that wipes itself.
struct Auth {
  explicit Auth(const Secret &secret) {
    sized.size = static_cast<UINT16>(std::min(secret.size(), sizeof sized.buffer));
    std::copy_n(secret.bytes().begin(), sized.size, sized.buffer);
  }
  ~Auth() { OPENSSL_cleanse(&sized, sizeof sized); }
  Auth(const Auth &) = delete;
  Auth &operator=(const Auth &) = delete;

  TPM2B_AUTH sized = {};
};

/// The same as the sensitive part of a key to be made.
struct NewSensitive {
  explicit NewSensitive(const Secret &auth) { area.sensitive.userAuth = Auth(auth).sized; }
  ~NewSensitive() { OPENSSL_cleanse(&area, sizeof area); }
  NewSensitive(const NewSensitive &) = delete;
  NewSensitive &operator=(const NewSensitive &) = delete;

  TPM2B_SENSITIVE_CREATE area = {};
};

}  // namespace

Transient::Transient(Transient &&other) noexcept
    : esys_(other.esys_),
      object_(std::exchange(other.object_, ESYS_TR_NONE)),
      freed_on_close_(other.freed_on_close_) {}

Transient::~Transient() {
  if (object_ != ESYS_TR_NONE && !freed_on_close_) Esys_FlushContext(esys_, object_);
}

TSS2_RC Conversation::transmit(TSS2_TCTI_CONTEXT *tcti, std::size_t size, const std::uint8_t *command) {
  Adapter *adapter = Adapter::of(tcti);
  adapter->answer.clear();
  return adapter->line->send({command, size});
}

/// `wait` is always TSS2_TCTI_TIMEOUT_BLOCK here (we call no asynchronous ESYS function); the line has a
/// deadline of its own.
TSS2_RC Conversation::receive(TSS2_TCTI_CONTEXT *tcti, std::size_t *size, std::uint8_t *answer,
                              std::int32_t /*wait*/) {
  Adapter *adapter = Adapter::of(tcti);
  if (adapter->answer.empty()) {
    if (const TSS2_RC code = adapter->line->receive(adapter->answer); code != TSS2_RC_SUCCESS) {
      adapter->answer.clear();
      return code;
    }
    // tpm2-tss believes the header's size over what was received.
    if (adapter->answer.size() < kHeaderBytes || announced_size(adapter->answer) != adapter->answer.size()) {
      adapter->answer.clear();
      return TSS2_TCTI_RC_MALFORMED_RESPONSE;
    }
  }
  const std::size_t room = *size;
  *size = adapter->answer.size();
  if (answer == nullptr) return TSS2_RC_SUCCESS;
  if (room < adapter->answer.size()) return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
  std::copy(adapter->answer.begin(), adapter->answer.end(), answer);
  adapter->answer.clear();
  return TSS2_RC_SUCCESS;
}

Result<Conversation> Conversation::open(const Connect &connect) {
  Conversation conversation;
  conversation.adapter_ = std::make_unique<Adapter>();
  Adapter &adapter = *conversation.adapter_;
  adapter.line = TRY(connect());
  adapter.v1.version = 2;
  adapter.v1.transmit = transmit;
  adapter.v1.receive = receive;
  ESYS_CONTEXT *esys = nullptr;
  const TSS2_RC code = Esys_Initialize(&esys, adapter.opaque(), nullptr);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Query);
  conversation.esys_.reset(esys);
  return conversation;
}

Result<ESYS_TR> Conversation::refer_to(const Parent &parent) {
  const Bytes form = TRY(esys_form(parent));
  ESYS_TR reference = ESYS_TR_NONE;
  const TSS2_RC code = Esys_TR_Deserialize(esys(), form.data(), form.size(), &reference);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Query);
  return reference;
}

Result<Transient> Conversation::start_session(ESYS_TR parent) {
  TPMT_SYM_DEF aes = {};
  aes.algorithm = TPM2_ALG_AES;
  aes.keyBits.aes = 128;
  aes.mode.aes = TPM2_ALG_CFB;
  ESYS_TR session = ESYS_TR_NONE;
  const TSS2_RC code =
      Esys_StartAuthSession(esys(), parent, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, nullptr,
                            TPM2_SE_HMAC, &aes, TPM2_ALG_SHA256, &session);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Session);
  return adopt(session);
}

TSS2_RC Conversation::prepare(Transient &session, Then then, Parameter parameter) {
  TPMA_SESSION attributes = 0;
  if (then == Then::Continue) attributes |= TPMA_SESSION_CONTINUESESSION;
  if (parameter == Parameter::Encrypted) attributes |= TPMA_SESSION_DECRYPT;
  return Esys_TRSess_SetAttributes(esys(), session.get(), attributes, 0xff);
}

Result<Transient> Conversation::load(ESYS_TR parent, Transient &session, const TPM2B_PRIVATE &wrapped,
                                     const TPM2B_PUBLIC &area, const Secret &auth) {
  ESYS_TR object = ESYS_TR_NONE;
  TSS2_RC code = prepare(session, Then::Continue, Parameter::Plain);
  if (code == TSS2_RC_SUCCESS)
    code = Esys_Load(esys(), parent, session.get(), ESYS_TR_NONE, ESYS_TR_NONE, &wrapped, &area, &object);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Load);
  Transient key = adopt(object);
  const Auth sized(auth);
  code = Esys_TR_SetAuth(esys(), key.get(), &sized.sized);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Query);
  return key;
}

Result<Bytes> Conversation::sign(const Transient &key, Transient &session, const Sha256 &digest, Then then) {
  TPM2B_DIGEST sized = {};
  sized.size = static_cast<UINT16>(digest.size());
  std::copy(digest.begin(), digest.end(), sized.buffer);
  TPMT_SIG_SCHEME scheme = {};
  scheme.scheme = TPM2_ALG_NULL;  // the key's own
  TPMT_TK_HASHCHECK ticket = {};
  ticket.tag = TPM2_ST_HASHCHECK;
  ticket.hierarchy = TPM2_RH_NULL;  // an unrestricted key signs any digest
  TPMT_SIGNATURE *raw = nullptr;
  TSS2_RC code = prepare(session, then, Parameter::Plain);
  if (code == TSS2_RC_SUCCESS)
    code = Esys_Sign(esys(), key.get(), session.get(), ESYS_TR_NONE, ESYS_TR_NONE, &sized, &scheme, &ticket,
                     &raw);
  const FromEsys<TPMT_SIGNATURE> signature(raw);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Key);
  if (then == Then::End) session.ended();
  return der_of(*signature);
}

Result<Conversation::Certified> Conversation::certify(const Transient &key, const Transient &witness,
                                                      Transient &session, const Sha256 &subject) {
  TPM2B_DATA about = {};
  about.size = static_cast<UINT16>(subject.size());
  std::copy(subject.begin(), subject.end(), about.buffer);
  TPMT_SIG_SCHEME scheme = {};
  scheme.scheme = TPM2_ALG_NULL;  // the witness' own
  TPM2B_ATTEST *raw_statement = nullptr;
  TPMT_SIGNATURE *raw_signature = nullptr;
  TSS2_RC code = prepare(session, Then::End, Parameter::Plain);
  if (code == TSS2_RC_SUCCESS)
    code = Esys_Certify(esys(), key.get(), witness.get(), session.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                        &about, &scheme, &raw_statement, &raw_signature);
  const FromEsys<TPM2B_ATTEST> statement(raw_statement);
  const FromEsys<TPMT_SIGNATURE> signature(raw_signature);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Key);
  session.ended();
  Certified certified;
  certified.statement = copy_of(ByteView(statement->attestationData).first(statement->size));
  certified.signature = TRY(der_of(*signature));
  return certified;
}

Result<Conversation::Made> Conversation::create(ESYS_TR parent, Transient &session, const Secret &auth) {
  const NewSensitive sensitive(auth);
  const TPM2B_PUBLIC area = platform_key_template();
  const TPM2B_DATA no_data = {};
  const TPML_PCR_SELECTION no_registers = {};
  TPM2B_PRIVATE *raw_private = nullptr;
  TPM2B_PUBLIC *raw_public = nullptr;
  TSS2_RC code = prepare(session, Then::Continue, Parameter::Encrypted);
  if (code == TSS2_RC_SUCCESS)
    code = Esys_Create(esys(), parent, session.get(), ESYS_TR_NONE, ESYS_TR_NONE, &sensitive.area, &area,
                       &no_data, &no_registers, &raw_private, &raw_public, nullptr, nullptr, nullptr);
  const FromEsys<TPM2B_PRIVATE> wrapped(raw_private);
  const FromEsys<TPM2B_PUBLIC> made(raw_public);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Create);
  return Made{*wrapped, *made};
}

Result<TPM2B_PRIVATE> Conversation::change_auth(const Transient &key, ESYS_TR parent, Transient &session,
                                                const Secret &new_auth) {
  const Auth auth(new_auth);
  TPM2B_PRIVATE *raw = nullptr;
  TSS2_RC code = prepare(session, Then::End, Parameter::Encrypted);
  if (code == TSS2_RC_SUCCESS)
    code = Esys_ObjectChangeAuth(esys(), key.get(), parent, session.get(), ESYS_TR_NONE, ESYS_TR_NONE,
                                 &auth.sized, &raw);
  const FromEsys<TPM2B_PRIVATE> wrapped(raw);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Key);
  session.ended();
  return *wrapped;
}

Result<Bytes> der_of(const TPMT_SIGNATURE &signature) {
  const TPMS_SIGNATURE_ECC &ecdsa = signature.signature.ecdsa;
  if (signature.sigAlg != TPM2_ALG_ECDSA || ecdsa.hash != TPM2_ALG_SHA256 || ecdsa.signatureR.size > 32 ||
      ecdsa.signatureS.size > 32)
    return Error{ErrorKind::Malformed, "the TPM signed with another algorithm"};
  const Handle<ECDSA_SIG, ECDSA_SIG_free> pair(ECDSA_SIG_new());
  BIGNUM *r = BN_bin2bn(ecdsa.signatureR.buffer, ecdsa.signatureR.size, nullptr);
  BIGNUM *s = BN_bin2bn(ecdsa.signatureS.buffer, ecdsa.signatureS.size, nullptr);
  if (!pair || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return Error{ErrorKind::Internal, "OpenSSL could not take the signature's numbers"};
  }
  unsigned char *encoded = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &encoded);
  if (size <= 0) return Error{ErrorKind::Internal, "OpenSSL could not encode the signature"};
  Bytes der(encoded, encoded + size);
  OPENSSL_free(encoded);
  return der;
}

}  // namespace passkeyd::tpm
