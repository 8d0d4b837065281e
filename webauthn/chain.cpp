/// Following chains with OpenSSL's path validation.
#include "webauthn/chain.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "webauthn/certificate.h"

namespace passkeyd {
namespace {

/// Takes its own references away, but not the certificates, which others hold.
void free_list(STACK_OF(X509) * list) {
  sk_X509_free(list);
}
using List = Handle<STACK_OF(X509), free_list>;
using Store = Handle<X509_STORE, X509_STORE_free>;
using Context = Handle<X509_STORE_CTX, X509_STORE_CTX_free>;

/// OpenSSL's security level 1: keys and hashes of 80 bits, which leaves SHA-1 out.
constexpr int kLevel = 1;

/// A single root a time: of several with one name (a vendor's next key) OpenSSL would try but one.
Status leads_to(X509 *root, X509 *leaf, STACK_OF(X509) * others, WallTime now) {
  const Store store(X509_STORE_new());
  const Context context(X509_STORE_CTX_new());
  const bool ready = store && context && X509_STORE_add_cert(store.get(), root) == 1 &&
                     X509_STORE_CTX_init(context.get(), store.get(), leaf, others) == 1;
  if (!ready) return Error{ErrorKind::Internal, "OpenSSL cannot look at certificates"};
  X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context.get());
  // Not X509_V_FLAG_X509_STRICT: makers of keys leave out key identifiers, which RFC 5280 wants in every
  // certificate.
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_ANY);
  X509_VERIFY_PARAM_set_auth_level(rules, kLevel);
  X509_VERIFY_PARAM_set_depth(rules, static_cast<int>(kMaxChain));
  X509_VERIFY_PARAM_set_time(rules, now.time_since_epoch().count());
  const bool leads = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (leads) return Ok{};
  return Error{ErrorKind::Untrusted, X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()))};
}

}  // namespace

Result<std::string> follow_chain(const std::vector<Bytes> &chain, const std::vector<Bytes> &roots,
                                 WallTime now) {
  if (chain.empty() || chain.size() > kMaxChain)
    return Error{ErrorKind::Malformed, "no certificates, or too many"};
  std::vector<Certificate> held;
  const List others(sk_X509_new_null());
  for (const Bytes &der : chain) {
    held.push_back(read_certificate(der));
    if (!held.back()) return Error{ErrorKind::Malformed, "a certificate is damaged"};
    if (held.size() > 1 && sk_X509_push(others.get(), held.back().get()) == 0)
      return Error{ErrorKind::Internal, "out of memory"};
  }
  std::string why = "nobody's certificates are trusted here";
  for (const Bytes &der : roots) {
    const Certificate root = read_certificate(der);
    if (!root) continue;
    const Status leads = leads_to(root.get(), held.front().get(), others.get(), now);
    if (leads) return subject_of(root.get());
    why = leads.error().sentence;
  }
  return Error{ErrorKind::Untrusted, why};
}

void judge_attestation(Credential &credential, const std::vector<Bytes> &roots, WallTime now) {
  const Result<std::vector<Bytes>> chain = split_certificates(credential.certificates);
  if (!chain || chain->empty()) return;
  Result<std::string> root = follow_chain(chain.value(), roots, now);
  if (!root) return;
  credential.attestation = Attestation::Trusted;
  credential.attested_by = std::move(root).value();
}

std::vector<Bytes> model_ids_of(const Credential &credential) {
  if (credential.aaguid != Aaguid{}) return {copy_of(credential.aaguid)};
  std::vector<Bytes> ids;
  const Result<std::vector<Bytes>> chain = split_certificates(credential.certificates);
  if (!chain) return ids;
  for (const Bytes &der : chain.value())
    if (const Certificate certificate = read_certificate(der))
      ids.push_back(key_identifier_of(certificate.get()));
  return ids;
}

}  // namespace passkeyd
