/// The platform blob, version 1.
#include "tpm/platform_key.h"

#include <algorithm>
#include <string_view>

#include "tpm/marshal.h"
#include "webauthn/hash.h"

namespace passkeyd::tpm {
namespace {

constexpr UINT8 kVersion = 1;
constexpr std::size_t kParentTagBytes = 16;

/// Persistent objects of the owner: TPM 2.0 Part 2, TPM_HC (what follows is the platform's).
constexpr TPM2_HANDLE kFirstPersistent = 0x81000000, kLastPersistent = 0x817FFFFF;

Sha256 labelled_hash(std::string_view label, ByteView bytes) {
  Bytes input = copy_of(bytes_of(label));
  input.insert(input.end(), bytes.begin(), bytes.end());
  return sha256(input);
}

Result<Bytes> parent_tag(const Parent &parent) {
  const Sha256 hash = labelled_hash("passkeyd parent ", TRY(name_of(parent.area)));
  return copy_of(ByteView(hash).first(kParentTagBytes));
}

Result<PlatformKey> read(ByteView blob) {
  Reader reader(blob);
  PlatformKey key;
  if (TRY(reader.take(Tss2_MU_UINT8_Unmarshal)) != kVersion)
    return Error{ErrorKind::Corrupt, "the platform credential is of an unknown version"};
  key.wrapped = TRY(reader.take(Tss2_MU_TPM2B_PRIVATE_Unmarshal));
  key.area = TRY(reader.take(Tss2_MU_TPM2B_PUBLIC_Unmarshal));
  key.parent.handle = TRY(reader.take(Tss2_MU_UINT32_Unmarshal));
  key.parent.area = TRY(reader.take(Tss2_MU_TPM2B_PUBLIC_Unmarshal));
  if (reader.rest().size() != key.salt.size())
    return Error{ErrorKind::Corrupt, "the platform credential is of the wrong size"};
  std::copy_n(reader.rest().begin(), key.salt.size(), key.salt.begin());
  return key;
}

}  // namespace

Result<PlatformKey> PlatformKey::parse(ByteView blob) {
  if (blob.size() > kMaxBytes) return Error{ErrorKind::Corrupt, "the platform credential is too large"};
  Result<PlatformKey> read_key = read(blob);
  if (!read_key)
    return Error{ErrorKind::Corrupt, "the platform credential is damaged: " + read_key.error().sentence};
  PlatformKey key = std::move(read_key).value();
  // The unmarshallers forgive what they need not: only the one way of writing it is taken.
  const Result<Bytes> again = key.serialize();
  if (!again || !std::ranges::equal(again.value(), blob))
    return Error{ErrorKind::Corrupt, "the platform credential is not in its one form"};
  if (!is_platform_key(key.area) || !is_root_key(key.parent.area) || key.parent.handle < kFirstPersistent ||
      key.parent.handle > kLastPersistent)
    return Error{ErrorKind::Corrupt, "the platform credential holds a key of another kind"};
  return key;
}

Result<Bytes> PlatformKey::serialize() const {
  return Writer()
      .add(kVersion, Tss2_MU_UINT8_Marshal)
      .add(wrapped, Tss2_MU_TPM2B_PRIVATE_Marshal)
      .add(area, Tss2_MU_TPM2B_PUBLIC_Marshal)
      .add(parent.handle, Tss2_MU_UINT32_Marshal)
      .add(parent.area, Tss2_MU_TPM2B_PUBLIC_Marshal)
      .add(ByteView(salt))
      .take();
}

Result<Bytes> PlatformKey::credential_id() const {
  Bytes id = TRY(parent_tag(parent));
  const Sha256 own = labelled_hash("passkeyd credential ", TRY(name_of(area)));
  id.insert(id.end(), own.begin(), own.end());
  return id;
}

Result<bool> lives_under(const Parent &parent, ByteView credential_id) {
  const Bytes tag = TRY(parent_tag(parent));
  return credential_id.size() == kParentTagBytes + Sha256{}.size() &&
         std::ranges::equal(tag, credential_id.first(kParentTagBytes));
}

}  // namespace passkeyd::tpm
