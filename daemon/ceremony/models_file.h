/// What was read of FIDO Metadata, in a sealed memory file: too much for a message. Written by the ceremony
/// process that read it, and hostile to the daemon until parsed.
#pragma once

#include "common/handle.h"
#include "common/result.h"
#include "webauthn/metadata.h"

namespace passkeyd::wire {

/// Longest such file, in bytes; that of the FIDO Alliance's metadata has some hundred thousand.
inline constexpr std::size_t kMaxModelsFile = 16UL * 1024 * 1024;

/// Errors: Io, Malformed (too long).
Result<Fd> to_models_file(const Metadata &metadata);

/// Errors: Malformed (not a sealed memory file, too long, or anything in it that webauthn/metadata.h does not
/// allow), Io.
Result<Metadata> from_models_file(const Fd &file);

}  // namespace passkeyd::wire
