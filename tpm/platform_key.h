/// PlatformKey: all that is needed to use a person's key again, as the ledger keeps it. The private part is
/// wrapped by the TPM; nothing in here is a secret, and nothing in here is believed: it is parsed at the
/// door.
#pragma once

#include <tss2/tss2_tpm2_types.h>

#include <array>

#include "common/bytes.h"
#include "common/result.h"
#include "tpm/areas.h"
#include "tpm/pin.h"

namespace passkeyd::tpm {

struct PlatformKey {
  static constexpr std::size_t kMaxBytes = 2048;

  TPM2B_PRIVATE wrapped = {};
  TPM2B_PUBLIC area = {};
  Parent parent;
  std::array<std::uint8_t, kSaltBytes> salt{};

  /// Version 1: the byte 1, TPM2B_PRIVATE, TPM2B_PUBLIC, the parent's handle and its TPM2B_PUBLIC, salt;
  /// marshalled as TPM 2.0 Part 2 says, with nothing before, between or after.
  /// Errors: Corrupt for anything else, for a key that is not of our kind, for a parent that could not be one
  /// or is no persistent key of the owner's.
  static Result<PlatformKey> parse(ByteView blob);

  /// At most kMaxBytes. Errors: Malformed for structures that cannot be marshalled.
  [[nodiscard]] Result<Bytes> serialize() const;

  /// The credential id: 16 bytes that are the same for every key under this parent, then 32 of the key's own,
  /// each hashed from a Name. So a TPM can tell the credentials that live in it without being given more than
  /// their ids. Errors: as name_of().
  [[nodiscard]] Result<Bytes> credential_id() const;
};

/// True if `credential_id` was made under `parent`.
Result<bool> lives_under(const Parent &parent, ByteView credential_id);

}  // namespace passkeyd::tpm
