/// Examination: how a TPM is, for who looks after the machine. Changes nothing, and needs no PIN.
#pragma once

#include <string>
#include <vector>

#include "tpm/conversation.h"
#include "tpm/lockout.h"

namespace passkeyd::tpm {

/// What there is of a storage root key.
enum class RootKey {
  None,   ///< will be made by the first enrollment
  Unfit,  ///< there, but no parent for our keys: one of our own is made beside it
  Fit,
};

/// What this TPM can do with a stored key.
enum class Stored {
  Broken,         ///< the blob makes no sense
  ParentChanged,  ///< it was made under another storage root key than the one that is there now, or none is
  Foreign,        ///< the parent is the same, and yet the TPM does not take it
  Loads,
};

struct Examination {
  std::string maker;      ///< "IBM"; printable
  std::string vendor;     ///< "SW TPM"; printable
  std::string firmware;   ///< "8217.4131.22.13878": both numbers, in halves
  bool software = false;  ///< a program that plays TPM (libtpms, swtpm): its keys are in a file
  bool owner_auth_set = false;
  bool endorsement_auth_set = false;
  DictionaryAttackState lockout;
  RootKey root_key = RootKey::None;
  std::vector<Stored> stored;  ///< one for each blob, in their order
};

/// Two commands for its properties, one for the root key; and for each of `platforms` a Load and its flush,
/// and once for each parent a look at it.
Result<Examination> examine(Conversation &tpm, const std::vector<Bytes> &platforms);

}  // namespace passkeyd::tpm
