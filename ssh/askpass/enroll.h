/// passkey-askpass --enroll: makes a passkey for a server, out of a line that passkeyctl shows there, and
/// prints the line that goes back.
#pragma once

#include <optional>
#include <string>

#include "ssh/askpass/authenticators.h"
#include "ssh/askpass/person.h"

namespace passkeyd::askpass {

/// Longest line that is printed: what a terminal takes in one, with room to spare.
inline constexpr std::size_t kMaxMadeLine = 4000;

/// What is to be typed at the server. Attestation is left out where the line would be too long with it: then
/// the server takes the credential for what one without is. Errors: Unsupported (too long even so).
Result<std::string> line_of(ssh::MadeRegistration made);

/// The whole of it; the exit status. `host`: what ssh calls the server, for ~/.config/passkeyd/hosts.
int enroll(const std::optional<std::string> &host);

}  // namespace passkeyd::askpass
