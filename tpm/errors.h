/// Errors: what the TPM and the layers above it answered, as our kinds and a sentence. One table.
#pragma once

#include <tss2/tss2_common.h>

#include <span>

#include "common/error.h"

namespace passkeyd::tpm {

/// What was being done: the same code means one thing for the parent and another for the person's key.
enum class Stage {
  Any,          ///< in the table: whatever was being done
  Query,        ///< reading properties or public areas; no authorization
  Session,      ///< StartAuthSession, salted with the parent's public key
  Create,       ///< a new key: authorized by the parent
  Load,         ///< a stored one: authorized by the parent
  Key,          ///< Sign, ObjectChangeAuth: authorized by the PIN
  Owner,        ///< CreatePrimary, EvictControl: authorized by the owner hierarchy
  Endorsement,  ///< CreatePrimary, PolicySecret: authorized by the endorsement hierarchy
};

struct Meaning {
  TSS2_RC code;
  Stage stage;
  ErrorKind kind;
  const char *sentence;
};

/// All rows; those with a stage of their own come before the one for Any stage.
std::span<const Meaning> meanings();

/// The error for a response code other than TSS2_RC_SUCCESS. The layer is looked at first (tss2_common.h): a
/// code that no row holds is TpmBroken when it came from the TPM or is about its answer, Io from the way to
/// it, Unsupported from a resource manager. The sentence ends in the code.
Error error_of(TSS2_RC code, Stage stage);

}  // namespace passkeyd::tpm
