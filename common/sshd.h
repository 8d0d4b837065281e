/// Sshd: what sshd and passkeyd meet at, by name and size.
#pragma once

#include <cstddef>

namespace passkeyd::sshd {

/// Its PAM service, by whose policy it lets keys in.
inline constexpr const char *kService = "sshd";
/// As whom it starts passkey-authorized-keys (config/sshd.conf): a user that systemd-sysusers makes.
inline constexpr const char *kUser = "passkeyd-ssh";
/// Longest SSH_AUTH_INFO_0 (ExposeAuthInfo, sshd_config(5)) that is read, in bytes.
inline constexpr std::size_t kMaxAuthInfo = 16UL * 1024;

}  // namespace passkeyd::sshd
