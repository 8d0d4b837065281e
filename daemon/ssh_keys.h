/// SSH keys: OpenSSH's keys of security keys, enrolled and given out to sshd. Each function answers one
/// method of the Manager; docs/dbus.md says what it takes and gives.
#pragma once

#include <string>
#include <vector>

#include "daemon/admission.h"
#include "daemon/policy.h"
#include "ssh/key.h"

namespace passkeyd {

Task<Status> add_ssh_key(House &house, Call call);
Task<Status> get_authorized_keys(House &house, Call call);

/// Which of `credentials` open the account to sshd, as lines of an authorized_keys file: SSH keys that are
/// active, the account's (name and uid), and of a model that the policy takes. "verify-required" before those
/// for which the policy insists on verification, else "touch-required". `only`: no other than this
/// key; nullptr: all. A key that makes no sense is passed over, and said in the log.
std::vector<std::string> authorized_keys(const std::vector<Credential> &credentials, const Account &account,
                                         const Policy &policy, const ssh::Key *only = nullptr);

}  // namespace passkeyd
