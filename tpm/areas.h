/// Areas: the TPM structures this room keeps and compares, as bytes and back, and what must be true of them.
/// Pure: no TPM is asked.
#pragma once

#include <tss2/tss2_tpm2_types.h>

#include <array>
#include <cstdint>
#include <span>

#include "common/bytes.h"
#include "common/result.h"

namespace passkeyd::tpm {

/// The handle that the TCG reserves for the storage root key (TPM v2.0 Provisioning Guidance, "NV Memory").
inline constexpr TPM2_HANDLE kSharedRootKey = 0x81000001;
/// Where our own parent is kept when the shared one does not serve.
inline constexpr TPM2_HANDLE kOwnRootKey = 0x81005041;

/// A storage root key as it was when somebody enrolled: where it is, and its public area, which pins it.
struct Parent {
  TPM2_HANDLE handle = 0;
  TPM2B_PUBLIC area = {};
};

/// True for a key that can be our parent: it was made inside this TPM and cannot leave it, it protects
/// others, needs no authorization but its (empty) password, and wrong guesses at that count for nothing.
bool is_root_key(const TPM2B_PUBLIC &area);

/// True for exactly the kind of key that we make: ECDSA P-256 with SHA-256, bound to its TPM and parent, used
/// with its authorization value, guesses at which are counted.
bool is_platform_key(const TPM2B_PUBLIC &area);

/// Templates for Create and CreatePrimary. The root key is the TCG's for ECC (EK Credential Profile, template
/// L-2, as storage key), with `unique` of 32 zero bytes a coordinate: an empty one gives another key.
TPM2B_PUBLIC platform_key_template();
/// The witness: a primary key that signs only what the TPM says itself (0x50472). Made anew each time, always
/// the same; nothing of it is kept.
TPM2B_PUBLIC witness_template();
TPM2B_PUBLIC root_key_template();

/// The Name: hash algorithm, and hash of the public area (TPM 2.0 Part 1, "Names"). Errors: Malformed for
/// a hash algorithm other than SHA-256, SHA-384 and SHA-512, or an area that does not marshal.
Result<Bytes> name_of(const TPM2B_PUBLIC &area);

/// The coordinates of a key that is_platform_key() holds for, padded to 32 bytes: some TPMs drop leading
/// zeros.
struct Point {
  std::array<std::uint8_t, 32> x{};
  std::array<std::uint8_t, 32> y{};
};
Point point_of(const TPM2B_PUBLIC &area);

/// The serialized form of a persistent key that Esys_TR_Deserialize takes: handle, TPM2B_NAME, UINT32 1,
/// TPM2B_PUBLIC, as tpm2_tr_encode(1) writes it too. Made here from checked parts, so that no stored bytes
/// ever reach the library's own parser, and no command is needed. Errors: as name_of.
Result<Bytes> esys_form(const Parent &parent);

/// The reverse, for what Esys_TR_Serialize gave. Errors: Malformed.
Result<Parent> from_esys_form(ByteView form);

}  // namespace passkeyd::tpm
