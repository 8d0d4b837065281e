/// Authority: may this caller do that to this account? Root may everything; for one's own account and for
/// others' there is a polkit action each; what has no row is refused. docs/dbus.md has the table for readers.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/caller.h"
#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// Something to do to an account, or to the whole machine.
enum class Deed {
  Nothing,  ///< never allowed
  Enroll,
  Read,  ///< what an account has
  Rename,
  Revoke,
  Resume,
  NewCodes,
  Lock,
  Unlock,
  ResetLimits,
  ReadAudit,
  Examine,  ///< the machine's health
  ImportMetadata,
  Export,
  Import,
  SshKeys,     ///< what sshd asks as somebody signs in
  SshSession,  ///< what the module asks as sshd opens a session
};

/// Programs of the machine that need not ask: root's, and for SshKeys the one that sshd starts, by its user
/// (config/sshd.conf). They are never turned away for there being too many of them.
bool is_trusted(const House &house, const Caller &caller, Deed deed);

/// Asks polkit where it must be asked, and waits as long as the person takes; dropping the task takes the
/// question back. `owner`: whose account; nullopt: the machine, or everybody. `interactive`: the caller's
/// message allows that a person is asked (D-Bus specification, ALLOW_INTERACTIVE_AUTHORIZATION). Errors:
/// NotAllowed (also where there is no polkit), Cancelled (the person dismissed the question), Timeout.
Task<Status> authorize(House &house, Caller caller, bool interactive, Deed deed,
                       std::optional<Account> owner);

}  // namespace passkeyd
