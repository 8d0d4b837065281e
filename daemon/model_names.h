/// Names of models: what people call an authenticator of which only the AAGUID is known. For their eyes only:
/// nothing is decided by a name.
#pragma once

#include <map>
#include <string>

#include "webauthn/credential.h"

namespace passkeyd {

using ModelNames = std::map<Aaguid, std::string>;

/// The names that this package brings.
inline constexpr const char *kShippedModelNames = "/usr/share/passkeyd/aaguids";

/// Reads a file of lines "AAGUID NAME"; '#' at its beginning makes a comment of a line. A file that is not
/// there has no names. A line that is not understood is said in the log and passed over: a slip in a name
/// must not keep the daemon from starting, as one in what it goes by does.
ModelNames read_model_names(const std::string &path);

}  // namespace passkeyd
