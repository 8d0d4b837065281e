/// Statements, and reading who signs them.
#include "tests/softkey/attesting.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "common/handle.h"

namespace passkeyd::softkey {
namespace {

using Pkey = Handle<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Handle<X509, X509_free>;
using File = Handle<BIO, BIO_free_all>;
using Number = Handle<BIGNUM, BN_clear_free>;

void append(Bytes &to, const Bytes &more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// U2F raw messages, section 4.3: reserved byte, application, challenge, key handle, point.
Bytes u2f_message(const Made &made) {
  const Cbor key = public_key(made.algorithm, made.private_key);
  Bytes message = {0};
  append(message, made.rp_id_hash);
  append(message, made.client_data_hash);
  append(message, made.id);
  message.push_back(4);
  append(message, *key.at(-2)->bytes());
  append(message, *key.at(-3)->bytes());
  return message;
}

}  // namespace

bool Attesting::read(const std::string &path) {
  const File keys(BIO_new_file(path.c_str(), "r")), papers(BIO_new_file(path.c_str(), "r"));
  if (!keys || !papers) return false;
  const Pkey key(PEM_read_bio_PrivateKey(keys.get(), nullptr, nullptr, nullptr));
  BIGNUM *held = nullptr;
  if (!key || EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, &held) != 1) return false;
  const Number scalar(held);
  private_key.assign(32, 0);
  if (BN_bn2binpad(scalar.get(), private_key.data(), 32) != 32) return false;
  certificates.clear();
  while (const Certificate one{PEM_read_bio_X509(papers.get(), nullptr, nullptr, nullptr)}) {
    Bytes der(static_cast<std::size_t>(i2d_X509(one.get(), nullptr)));
    unsigned char *at = der.data();
    i2d_X509(one.get(), &at);
    certificates.push_back(std::move(der));
  }
  ERR_clear_error();
  return !certificates.empty();
}

std::pair<std::string, Cbor> statement(const Attesting &attesting, const Made &made, bool damaged) {
  using Format = Attesting::Format;
  if (attesting.format == Format::None) return {"none", Cbor::Map{}};
  const bool u2f = attesting.format == Format::U2f;
  Bytes message = made.authenticator_data;
  append(message, made.client_data_hash);
  if (u2f) message = u2f_message(made);
  const bool self = attesting.format == Format::Self;
  const Algorithm algorithm = self ? made.algorithm : Algorithm::Es256;
  Bytes signature = sign(algorithm, self ? made.private_key : attesting.private_key, message);
  if (damaged) signature.back() ^= 1;
  Cbor::Map map{{"sig", signature}};
  if (!u2f) map.emplace_back("alg", static_cast<int>(algorithm));
  if (!self)
    map.emplace_back("x5c", Cbor::Array(attesting.certificates.begin(), attesting.certificates.end()));
  return {u2f ? "fido-u2f" : "packed", std::move(map)};
}

}  // namespace passkeyd::softkey
