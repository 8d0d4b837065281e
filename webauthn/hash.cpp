/// SHA-256 from OpenSSL.
#include "webauthn/hash.h"

#include <openssl/evp.h>

#include <new>

namespace passkeyd {

Sha256 sha256(ByteView bytes) {
  Sha256 digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();
  return digest;
}

}  // namespace passkeyd
