/// Attesting: what the key says for itself when it makes a credential, and what model it claims to be.
#pragma once

#include <string>
#include <vector>

#include "tests/softkey/cbor.h"
#include "tests/softkey/crypto.h"

namespace passkeyd::softkey {

struct Attesting {
  enum class Format { Self, None, Packed, U2f };

  Format format = Format::Self;
  Bytes aaguid;                     ///< 16 bytes; empty: the softkey's own
  Bytes private_key;                ///< Packed, U2f: the certificate's, a P-256 scalar
  std::vector<Bytes> certificates;  ///< DER, leaf first

  /// Reads a PEM file: a P-256 private key and the certificates, leaf first. False if it holds no such thing.
  bool read(const std::string &path);
};

/// What was made, and what a statement is about.
struct Made {
  Algorithm algorithm;
  Bytes private_key;
  Bytes authenticator_data;
  Bytes client_data_hash;
  Bytes rp_id_hash, id;  ///< U2F signs these
};

/// "fmt" and "attStmt" (WebAuthn sections 8.2, 8.6, 8.7). `damaged`: one bit of the signature is flipped.
std::pair<std::string, Cbor> statement(const Attesting &attesting, const Made &made, bool damaged);

}  // namespace passkeyd::softkey
