/// Users that systemd-sysusers makes, by name.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace passkeyd {

/// The user's number, from /etc/passwd itself, where systemd-sysusers writes it: NSS may wait for a network,
/// and a directory has no say in whom the daemon trusts. nullopt: there is none, or the file cannot be read.
std::optional<uid_t> system_user(const std::string &name, const std::string &file = "/etc/passwd");

}  // namespace passkeyd
