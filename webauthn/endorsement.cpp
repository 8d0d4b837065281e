/// Endorsement certificates, by OpenSSL.
#include "webauthn/endorsement.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>

#include "common/account.h"

namespace passkeyd {
namespace {

using Certificate = Handle<X509, X509_free>;
using Store = Handle<X509_STORE, X509_STORE_free>;
using StoreContext = Handle<X509_STORE_CTX, X509_STORE_CTX_free>;
using Names = Handle<GENERAL_NAMES, GENERAL_NAMES_free>;
using PKeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

constexpr std::size_t kMaxShown = 255;
constexpr std::size_t kMaxProduct = 100;

struct Name {
  EndorsementKind kind;
  std::string_view name;
};
constexpr std::array kNames = {
    Name{EndorsementKind::Rsa2048, "rsa-2048"},          Name{EndorsementKind::EccP256, "ecc-p256"},
    Name{EndorsementKind::Rsa2048High, "rsa-2048-high"}, Name{EndorsementKind::EccP256High, "ecc-p256-high"},
    Name{EndorsementKind::EccP384High, "ecc-p384-high"},
};

Certificate parse(ByteView der) {
  const unsigned char *at = der.data();
  Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (at != der.data() + der.size()) certificate.reset();
  return certificate;
}

std::string printable_part(std::string text, std::size_t most) {
  if (text.size() > most) text.resize(most);
  for (char &c : text)
    if (c < ' ' || c > '~') c = '?';
  return text;
}

std::string shown(const X509_NAME *name) {
  const Handle<BIO, BIO_free_all> memory(BIO_new(BIO_s_mem()));
  if (!memory || X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  char *text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return printable_part(std::string(text, static_cast<std::size_t>(size)), kMaxShown);
}

/// The value of one attribute of a directory name, by its object identifier; empty if it has none.
std::string attribute(const X509_NAME *name, const char *oid) {
  const Handle<ASN1_OBJECT, ASN1_OBJECT_free> object(OBJ_txt2obj(oid, 1));
  const int at = object ? X509_NAME_get_index_by_OBJ(name, object.get(), -1) : -1;
  if (at < 0) return {};
  unsigned char *text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  std::string value(reinterpret_cast<const char *>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return printable_part(std::move(value), kMaxProduct / 2);
}

/// "id:49465800" is how the TCG writes the four characters of a vendor's id: "IFX".
std::string maker_of(const std::string &id) {
  const std::optional<Bytes> bytes = id.starts_with("id:") ? from_hex(id.substr(3)) : std::nullopt;
  if (!bytes) return id;
  std::string maker;
  for (const std::uint8_t byte : *bytes) {
    const char c = static_cast<char>(byte);
    if (c > ' ' && c <= '~') maker += c;
  }
  return maker.empty() ? id : maker;
}

/// Profile, section 3.2.9: the alternative name holds maker, model and version as a directory name.
std::string product_of(const X509 *certificate) {
  const Names names(
      static_cast<GENERAL_NAMES *>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int at = 0; names && at < sk_GENERAL_NAME_num(names.get()); ++at) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names.get(), at);
    if (name->type != GEN_DIRNAME) continue;
    const std::string maker = maker_of(attribute(name->d.directoryName, "2.23.133.2.1"));
    const std::string model = attribute(name->d.directoryName, "2.23.133.2.2");
    return maker.empty() || model.empty() ? maker + model : maker + " " + model;
  }
  return {};
}

bool is_critical_name(X509 *certificate, int at) {
  X509_EXTENSION *extension = X509_get_ext(certificate, at);
  return OBJ_obj2nid(X509_EXTENSION_get_object(extension)) == NID_subject_alt_name;
}

/// The alternative name is critical where the subject is empty, and what is in it means nothing to a general
/// verifier. We read it, so it is handled; any other critical extension that is not known stays fatal.
int on_doubt(int good, X509_STORE_CTX *context) {
  if (good == 1 || X509_STORE_CTX_get_error(context) != X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION) return good;
  X509 *certificate = X509_STORE_CTX_get_current_cert(context);
  for (int at = 0; at < X509_get_ext_count(certificate); ++at)
    if (X509_EXTENSION_get_critical(X509_get_ext(certificate, at)) == 1 &&
        !is_critical_name(certificate, at) && X509_supported_extension(X509_get_ext(certificate, at)) != 1)
      return 0;
  X509_STORE_CTX_set_error(context, X509_V_OK);
  return 1;
}

/// The subject of the trusted certificate that `leaf` leads to.
Result<std::optional<std::string>> root_of(X509 *leaf, const std::vector<Bytes> &roots, WallTime now) {
  const Store store(X509_STORE_new());
  const StoreContext context(X509_STORE_CTX_new());
  if (!store || !context) return Error{ErrorKind::Internal, "OpenSSL has no memory"};
  for (const Bytes &root : roots) {
    const Certificate trusted = parse(root);
    if (trusted) X509_STORE_add_cert(store.get(), trusted.get());
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr) != 1)
    return Error{ErrorKind::Internal, "OpenSSL cannot verify certificates"};
  X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(rules, now.time_since_epoch().count());
  X509_VERIFY_PARAM_set_depth(rules, 6);
  X509_STORE_CTX_set_verify_cb(context.get(), on_doubt);
  if (X509_verify_cert(context.get()) != 1) return std::optional<std::string>();
  const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context.get());
  // A certificate that is trusted by itself proves nothing of who made the TPM: it must be signed by another.
  if (sk_X509_num(chain) < 2) return std::optional<std::string>();
  return std::optional(shown(X509_get_subject_name(sk_X509_value(chain, sk_X509_num(chain) - 1))));
}

}  // namespace

std::string_view name_of(EndorsementKind kind) {
  for (const Name &row : kNames)
    if (row.kind == kind) return row.name;
  return kNames.front().name;
}

std::optional<EndorsementKind> endorsement_kind_of(std::string_view name) {
  for (const Name &row : kNames)
    if (row.name == name) return row.kind;
  return std::nullopt;
}

Result<EndorsementCertificate> read_endorsement(ByteView certificate, const std::vector<Bytes> &roots,
                                                WallTime now) {
  const Error malformed{ErrorKind::Malformed, "the TPM's endorsement certificate does not parse"};
  if (certificate.size() > kMaxEndorsementCertificate) return malformed;
  const Certificate leaf = parse(certificate);
  if (!leaf) return malformed;
  EndorsementCertificate read;
  read.key.reset(X509_get_pubkey(leaf.get()));
  if (!read.key) return malformed;
  read.product = product_of(leaf.get());
  read.issuer = shown(X509_get_issuer_name(leaf.get()));
  read.root = TRY(root_of(leaf.get(), roots, now));
  return read;
}

Result<Handle<EVP_PKEY, EVP_PKEY_free>> endorsement_key(EndorsementKind kind, ByteView point) {
  const Error malformed{ErrorKind::Malformed, "the TPM's endorsement key is no point of its curve"};
  if (kind != EndorsementKind::EccP256 && kind != EndorsementKind::EccP256High) return malformed;
  char group[] = "P-256";
  const std::array parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<std::uint8_t *>(point.data()),
                                        point.size()),
      OSSL_PARAM_construct_end(),
  };
  const PKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY *made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY,
                        const_cast<OSSL_PARAM *>(parameters.data())) != 1)
    return malformed;
  return Handle<EVP_PKEY, EVP_PKEY_free>(made);
}

}  // namespace passkeyd
