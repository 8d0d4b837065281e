/// Naming: what a new passkey is called: as its owner says, or after its authenticator.
#pragma once

#include <string>
#include <vector>

#include "daemon/face.h"
#include "daemon/task.h"
#include "webauthn/credential.h"

namespace passkeyd {

/// True if none of them that is not revoked has that name.
bool is_free(std::string_view name, const std::vector<Credential> &others);

/// The wanted name, or that with a number behind it; cut to what a name may have.
std::string free_name(std::string_view wanted, const std::vector<Credential> &others);

/// Asks the person, with a suggestion that an empty line takes; a name that cannot be, or is taken, is asked
/// for again, and in the end the suggestion stands.
Task<std::string> ask_name(Face &face, std::string suggestion, std::vector<Credential> others);

}  // namespace passkeyd
