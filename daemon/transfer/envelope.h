/// Envelope: the first line of an export. Who signed it, and the hash of all that follows;
/// docs/export-format.md has the format. Written and read in one form only: a byte that differs is no
/// envelope.
#pragma once

#include <string>
#include <string_view>

#include "daemon/transfer/signing_key.h"
#include "webauthn/hash.h"

namespace passkeyd::transfer {

struct Envelope {
  Bytes public_key;
  Sha256 payload{};  ///< SHA-256 of all lines but this one
  Bytes signature;

  /// Signs. Errors: Internal.
  static Result<Envelope> seal(const SigningKey &key, const Sha256 &payload);
  /// Reads the line, without its newline. Nothing is verified. Errors: InvalidInput.
  static Result<Envelope> parse(std::string_view line);

  /// Bytes of the line with its newline, always the same.
  static std::size_t size();
  /// With its newline.
  [[nodiscard]] std::string line() const;
  /// Fingerprint of the key that it claims to be signed with.
  [[nodiscard]] std::string signer() const { return fingerprint_of(public_key); }
  /// Did that key sign a payload of this hash?
  [[nodiscard]] bool holds_for(const Sha256 &hash) const;
};

}  // namespace passkeyd::transfer
