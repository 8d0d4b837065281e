/// Metadata: handing the daemon a file of the FIDO Alliance's about models of authenticators.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/bus.h"

namespace passkeyd {

struct MetadataSummary {
  std::int64_t number = 0;       ///< grows with every edition
  std::string next_update = {};  ///< a newer one is out by then
  std::int64_t models = 0;
  std::int64_t recalled = 0;  ///< models that are not to be trusted
  std::int64_t flagged = 0;   ///< enrolled passkeys of those
};

/// The largest file that is read; what the FIDO Alliance publishes has a few megabytes.
inline constexpr std::size_t kMaxMetadataFile = std::size_t{64} * 1024 * 1024;

/// A sealed copy in memory of all that can be read from `file`, which may be a pipe: the daemon must neither
/// wait for it nor see it change. Errors: Io, InvalidInput (empty, or too large).
Result<Fd> copy_of_metadata(const Fd &file);

/// Errors: as Bus::call_manager, among them Untrusted (not signed by whom it must be) and NotAllowed (older
/// than the one in force); Malformed.
Result<MetadataSummary> import_metadata(Bus &bus, const Fd &copy, Patience &patience);

/// The metadata in force, as GetStatus tells.
struct MetadataInForce {
  std::int64_t number = 0;
  std::string next_update = {};
};

/// nullopt: none was ever imported. Errors: as Bus::call_manager; Malformed.
Result<std::optional<MetadataInForce>> metadata_in_force(Bus &bus, Patience &patience);

}  // namespace passkeyd
