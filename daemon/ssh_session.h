/// SSH sessions: sshd has let somebody in with a key, and opens a session. Was the key revoked meanwhile, or
/// never this account's? Answers one method of the Manager; docs/dbus.md says what it takes and gives.
#pragma once

#include <string_view>
#include <vector>

#include "daemon/admission.h"
#include "ssh/key.h"

namespace passkeyd {

Task<Status> check_ssh_session(House &house, Call call);

/// Most keys of security keys in one SSH_AUTH_INFO_0.
inline constexpr std::size_t kMostSshKeys = 16;

/// The keys of security keys in SSH_AUTH_INFO_0 (sshd_config(5), ExposeAuthInfo: a line for each method that
/// was used), each once; those of certificates as well. Lines of other methods and other kinds of keys are
/// passed over. Errors: InvalidInput for a line that says it is of such a key and is not, for too many of
/// them, and for more than sshd::kMaxAuthInfo.
Result<std::vector<ssh::Key>> keys_in_auth_info(std::string_view text);

}  // namespace passkeyd
