/// The payload of a metadata BLOB (FIDO Metadata Service v3.0, section 3.1.6): JSON in, models out. Who
/// signed it was looked at before. Internal to webauthn/.
#pragma once

#include <string_view>

#include "webauthn/metadata.h"

namespace passkeyd {

/// Errors: Malformed. Entries without an AAGUID and without key identifiers (UAF's) are passed over.
Result<Metadata> metadata_of(std::string_view payload);

}  // namespace passkeyd
