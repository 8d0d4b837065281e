/// Certificates by OpenSSL, places by TPM2_NV_DefineSpace.
#include "tests/tpm_maker.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "tpm/endorsement.h"

namespace passkeyd::test {
namespace {

using Number = Handle<BIGNUM, BN_free>;
using Object = Handle<ASN1_OBJECT, ASN1_OBJECT_free>;

Bytes der_of(X509 *certificate) {
  unsigned char *der = nullptr;
  const int size = i2d_X509(certificate, &der);
  CHECK(size > 0);
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

void add(X509_NAME *name, const char *oid, const std::string &value) {
  const Object object(OBJ_txt2obj(oid, 0));
  CHECK(X509_NAME_add_entry_by_OBJ(name, object.get(), MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char *>(value.data()),
                                   static_cast<int>(value.size()), -1, 0) == 1);
}

Certificate blank(int lifetime) {
  Certificate made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 7);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -86400L * 400);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 86400L * lifetime);
  return made;
}

void extend(X509 *certificate, int what, const char *how) {
  const Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, what, how));
  CHECK(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

/// Maker, model and version as the profile wants them: critical, since there is no subject.
void name_tpm(X509 *certificate, const std::string &model) {
  const Handle<GENERAL_NAMES, GENERAL_NAMES_free> names(GENERAL_NAMES_new());
  GENERAL_NAME *name = GENERAL_NAME_new();
  X509_NAME *directory = X509_NAME_new();
  add(directory, "2.23.133.2.1", "id:49465800");
  add(directory, "2.23.133.2.2", model);
  add(directory, "2.23.133.2.3", "id:00070055");
  GENERAL_NAME_set0_value(name, GEN_DIRNAME, directory);
  sk_GENERAL_NAME_push(names.get(), name);
  CHECK(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 1, 0) == 1);
}

TPM2_HANDLE place_of(EndorsementKind kind) {
  switch (kind) {
    case EndorsementKind::Rsa2048:
      return 0x01c00002;
    case EndorsementKind::EccP256:
      return 0x01c0000a;
    case EndorsementKind::Rsa2048High:
      return 0x01c00012;
    case EndorsementKind::EccP256High:
      return 0x01c00014;
    case EndorsementKind::EccP384High:
      break;
  }
  return 0x01c00016;
}

}  // namespace

Maker::Maker(std::string name) : key_(EVP_EC_gen("P-256")), root_(blank(3650)) {
  add(X509_get_subject_name(root_.get()), "CN", name);
  X509_set_issuer_name(root_.get(), X509_get_subject_name(root_.get()));
  X509_set_pubkey(root_.get(), key_.get());
  extend(root_.get(), NID_basic_constraints, "critical,CA:TRUE");
  CHECK(X509_sign(root_.get(), key_.get(), EVP_sha256()) > 0);
}

Bytes Maker::root() const {
  return der_of(root_.get());
}

Bytes Maker::certify(EVP_PKEY *key, const Special &special) const {
  const Certificate made = blank(special.lifetime);
  X509_set_issuer_name(made.get(), X509_get_subject_name(root_.get()));
  X509_set_pubkey(made.get(), key);
  extend(made.get(), NID_basic_constraints, "critical,CA:FALSE");
  name_tpm(made.get(), special.model);
  if (!special.usage.empty()) extend(made.get(), NID_key_usage, special.usage.c_str());
  if (!special.purposes.empty()) extend(made.get(), NID_ext_key_usage, special.purposes.c_str());
  if (special.unknown_extension) {
    const Object oid(OBJ_txt2obj("1.2.3.4.5.6", 1));
    const Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> value(ASN1_OCTET_STRING_new());
    const Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 1, value.get()));
    X509_add_ext(made.get(), extension.get(), -1);
  }
  CHECK(X509_sign(made.get(), key_.get(), EVP_sha256()) > 0);
  return der_of(made.get());
}

void Maker::endow(Swtpm &tpm, EndorsementKind kind, const Special &special) const {
  Key key;
  {
    tpm::Conversation admin = tpm.admin();
    key = public_key_of(MUST(tpm::make_endorsement_key(admin, kind)).area);
  }
  Bytes stored = certify(key.get(), special);
  stored.resize(stored.size() + 100, 0xff);
  leave_in(tpm, kind, stored);
}

Key public_key_of(const TPM2B_PUBLIC &area) {
  const TPMT_PUBLIC &told = area.publicArea;
  const Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  Number modulus, exponent(BN_new());
  Bytes point;
  const bool rsa = told.type == TPM2_ALG_RSA;
  if (rsa) {
    modulus.reset(BN_bin2bn(told.unique.rsa.buffer, told.unique.rsa.size, nullptr));
    BN_set_word(exponent.get(), 65537);
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  } else {
    const bool small = told.parameters.eccDetail.curveID == TPM2_ECC_NIST_P256;
    const TPMS_ECC_POINT &at = told.unique.ecc;
    point = {0x04};
    point.insert(point.end(), at.x.buffer, at.x.buffer + at.x.size);
    point.insert(point.end(), at.y.buffer, at.y.buffer + at.y.size);
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, small ? "P-256" : "P-384", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  }
  const Handle<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, rsa ? "RSA" : "EC", nullptr));
  EVP_PKEY *made = nullptr;
  CHECK(EVP_PKEY_fromdata_init(context.get()) == 1);
  CHECK(EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1);
  return Key(made);
}

void leave_in(Swtpm &tpm, EndorsementKind kind, ByteView certificate) {
  const tpm::Conversation admin = tpm.admin();
  const TPM2B_AUTH no_password = {};
  TPM2B_NV_PUBLIC area = {};
  area.nvPublic.nvIndex = place_of(kind);
  area.nvPublic.nameAlg = TPM2_ALG_SHA256;
  area.nvPublic.attributes = TPMA_NV_PPWRITE | TPMA_NV_WRITEDEFINE | TPMA_NV_PPREAD | TPMA_NV_OWNERREAD |
                             TPMA_NV_AUTHREAD | TPMA_NV_NO_DA | TPMA_NV_PLATFORMCREATE;
  area.nvPublic.dataSize = static_cast<UINT16>(certificate.size());
  ESYS_TR index = ESYS_TR_NONE;
  CHECK_RC(Esys_NV_DefineSpace(admin.esys(), ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                               ESYS_TR_NONE, &no_password, &area, &index));
  for (std::size_t at = 0; at < certificate.size(); at += 512) {
    const ByteView part = certificate.subspan(at, std::min<std::size_t>(512, certificate.size() - at));
    TPM2B_MAX_NV_BUFFER data = {};
    data.size = static_cast<UINT16>(part.size());
    std::ranges::copy(part, data.buffer);
    CHECK_RC(Esys_NV_Write(admin.esys(), ESYS_TR_RH_PLATFORM, index, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                           ESYS_TR_NONE, &data, static_cast<UINT16>(at)));
  }
}

Bytes set_up_by_swtpm_setup(Swtpm &tpm) {
  tpm.cut_power();
  const std::string &at = tpm.directory();
  std::ofstream(at + "/localca.conf")
      << "statedir = " << at << "\nsigningkey = " << at << "/signkey.pem\nissuercert = " << at
      << "/issuer.pem\ncertserial = " << at << "/serial\n";
  std::ofstream(at + "/localca.options") << "--platform-manufacturer X\n";
  std::ofstream(at + "/setup.conf")
      << "create_certs_tool = /usr/bin/swtpm_localca\ncreate_certs_tool_config = " << at
      << "/localca.conf\ncreate_certs_tool_options = " << at << "/localca.options\n";
  const std::string command = "swtpm_setup --tpm2 --overwrite --create-ek-cert --tpm-state " + at +
                              " --config " + at + "/setup.conf >" + at + "/setup.log 2>&1";
  if (std::system(command.c_str()) != 0) fail_at(__FILE__, __LINE__, command);
  tpm.start();
  const Handle<BIO, BIO_free_all> file(BIO_new_file((at + "/issuer.pem").c_str(), "r"));
  const Certificate issuer(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
  CHECK(issuer != nullptr);
  return der_of(issuer.get());
}

}  // namespace passkeyd::test
