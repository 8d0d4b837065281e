/// Importing FIDO Metadata from a file that an administrator fetched.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/admission.h"
#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// What is in force after an import.
struct MetadataSummary {
  std::uint64_t number = 0;
  std::string next_update;
  std::uint32_t models = 0;
  std::uint32_t recalled = 0;  ///< models
  std::uint32_t flagged = 0;   ///< passkeys of those that are enrolled and not revoked
};

/// Reads `file` to its end in a ceremony process, and takes what it says in place of the metadata in force.
/// One import at a time. Errors: NotConfigured (nobody is trusted to sign it), Untrusted, Malformed,
/// Unsupported, InvalidInput (no file), Timeout (it does not end), NotAllowed (older than what is in force);
/// nothing is changed then.
Task<Result<MetadataSummary>> import_metadata(House &house, Fd file, Actor actor);

}  // namespace passkeyd
