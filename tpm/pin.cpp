/// PIN bounds and HKDF, by OpenSSL.
#include "tpm/pin.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <string>

#include "common/account.h"
#include "common/handle.h"

namespace passkeyd::tpm {
namespace {

using Kdf = Handle<EVP_KDF, EVP_KDF_free>;
using KdfContext = Handle<EVP_KDF_CTX, EVP_KDF_CTX_free>;

constexpr std::string_view kLabel = "passkeyd platform credential PIN";

/// OSSL_PARAM wants pointers to non-const and does not write through them.
OSSL_PARAM octets(const char *key, ByteView bytes) {
  return OSSL_PARAM_construct_octet_string(key, const_cast<std::uint8_t *>(bytes.data()), bytes.size());
}

}  // namespace

Status check_pin(const Secret &pin) {
  if (pin.size() < kMinPinBytes)
    return Error{ErrorKind::PinInvalid, "the PIN is shorter than " + std::to_string(kMinPinBytes) + " bytes"};
  if (pin.size() > kMaxPinBytes)
    return Error{ErrorKind::PinInvalid, "the PIN is longer than " + std::to_string(kMaxPinBytes) + " bytes"};
  if (!is_utf8(pin.text())) return Error{ErrorKind::PinInvalid, "the PIN is not UTF-8"};
  return Ok{};
}

Result<Secret> auth_value(ByteView salt, const Secret &pin) {
  const Kdf kdf(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, nullptr));
  const KdfContext context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  char digest[] = "SHA256";
  const std::array parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      octets(OSSL_KDF_PARAM_KEY, pin.bytes()),
      octets(OSSL_KDF_PARAM_SALT, salt),
      octets(OSSL_KDF_PARAM_INFO, bytes_of(kLabel)),
      OSSL_PARAM_construct_end(),
  };
  std::array<std::uint8_t, 32> derived{};
  const bool good =
      context && EVP_KDF_derive(context.get(), derived.data(), derived.size(), parameters.data()) == 1;
  std::size_t size = derived.size();
  while (size > 0 && derived[size - 1] == 0) --size;
  Secret value(ByteView(derived).first(size));
  OPENSSL_cleanse(derived.data(), derived.size());
  if (!good) return Error{ErrorKind::Internal, "OpenSSL could not derive the authorization value"};
  return value;
}

}  // namespace passkeyd::tpm
