/// One look at a TPM.
#include "tpm/examination.h"

#include <map>

#include "tpm/parent.h"
#include "tpm/platform_key.h"
#include "tpm/properties.h"

namespace passkeyd::tpm {
namespace {

/// Names of the keys at the handles that were looked at, so that each is looked at once.
using NamesNow = std::map<TPM2_HANDLE, std::optional<Bytes>>;

Result<bool> is_there(Conversation &tpm, const Parent &parent, NamesNow &names) {
  auto known = names.find(parent.handle);
  if (known == names.end()) known = names.emplace(parent.handle, TRY(name_at(tpm, parent.handle))).first;
  return known->second == TRY(name_of(parent.area));
}

/// Loaded with the parent's empty password: no session, for no secret is at stake.
Result<Stored> look_at(Conversation &tpm, ByteView blob, NamesNow &names) {
  const Result<PlatformKey> key = PlatformKey::parse(blob);
  if (!key) return Stored::Broken;
  if (!TRY(is_there(tpm, key->parent, names))) return Stored::ParentChanged;
  const ESYS_TR parent = TRY(tpm.refer_to(key->parent));
  ESYS_TR object = ESYS_TR_NONE;
  const TSS2_RC code = Esys_Load(tpm.esys(), parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                 &key->wrapped, &key->area, &object);
  if (code == TSS2_RC_SUCCESS) {
    const Transient loaded(tpm.esys(), object, false);  // gone before the next one needs its place
    return Stored::Loads;
  }
  Error error = error_of(code, Stage::Load);
  if (error.kind == ErrorKind::TpmKeyForeign) return Stored::Foreign;
  if (error.kind == ErrorKind::TpmParentChanged) return Stored::ParentChanged;
  return error;
}

}  // namespace

Result<Examination> examine(Conversation &tpm, const std::vector<Bytes> &platforms) {
  Examination found;
  const Identity identity = TRY(read_identity(tpm));
  found.maker = identity.maker;
  found.vendor = identity.vendor;
  found.firmware = identity.firmware;
  found.software = identity.maker == "IBM" && identity.vendor == "SW TPM";
  const Permanent state = TRY(read_permanent(tpm));
  found.owner_auth_set = state.owner_auth_set;
  found.endorsement_auth_set = state.endorsement_auth_set;
  found.lockout = state.lockout;
  const std::optional<Parent> root_key = TRY(parent_at(tpm, kSharedRootKey));
  if (root_key) found.root_key = is_root_key(root_key->area) ? RootKey::Fit : RootKey::Unfit;
  NamesNow names;
  for (const Bytes &blob : platforms) found.stored.push_back(TRY(look_at(tpm, blob, names)));
  return found;
}

}  // namespace passkeyd::tpm
