/// The table of deeds, and asking about them.
#include "daemon/authority.h"

#include <algorithm>

#include "common/log.h"
#include "daemon/polkit.h"

namespace passkeyd {
namespace {

/// For one's own account: nobody is asked.
constexpr const char *kFree = "";
/// How polkit's actions begin. What a row names otherwise is only for the trusted, and a name for the
/// records.
constexpr std::string_view kAction = "org.passkeyd1.";

struct Row {
  Deed deed;
  const char *own;     ///< polkit action for one's own account, or kFree, or a name for the records
  const char *others;  ///< for somebody else's, and for the machine
};

/// What has no row is only root's. docs/dbus.md shows the same by methods, config/org.passkeyd1.policy what
/// each action asks of whom.
constexpr Row kTable[] = {
    {Deed::Enroll, "org.passkeyd1.enroll", "org.passkeyd1.enroll-others"},
    {Deed::Read, kFree, "org.passkeyd1.read-others"},
    {Deed::Rename, "org.passkeyd1.manage", "org.passkeyd1.manage-others"},
    {Deed::Revoke, "org.passkeyd1.manage", "org.passkeyd1.revoke-others"},
    {Deed::Resume, "org.passkeyd1.resume", "org.passkeyd1.resume"},
    {Deed::NewCodes, "org.passkeyd1.new-codes", "org.passkeyd1.new-codes-others"},
    {Deed::Lock, "org.passkeyd1.lock", "org.passkeyd1.lock"},
    {Deed::Unlock, "org.passkeyd1.unlock", "org.passkeyd1.unlock"},
    {Deed::ResetLimits, "org.passkeyd1.reset-limits", "org.passkeyd1.reset-limits"},
    {Deed::ReadAudit, kFree, "org.passkeyd1.read-audit"},
    {Deed::Examine, "org.passkeyd1.examine", "org.passkeyd1.examine"},
    {Deed::ImportMetadata, "org.passkeyd1.import-metadata", "org.passkeyd1.import-metadata"},
    {Deed::Export, "org.passkeyd1.export", "org.passkeyd1.export"},
    {Deed::Import, "org.passkeyd1.import", "org.passkeyd1.import"},
    {Deed::SshKeys, kFree, "ssh-keys"},
    {Deed::SshSession, "ssh-session", "ssh-session"},
};

/// Is it for an owner to do? Otherwise their own account is to them like anybody's.
bool is_for_owners(const Row &row) {
  return std::string_view(row.own) != row.others;
}

/// What somebody was refused who is not the owner is on record: who tries that is worth knowing. Who is
/// refused their own has mistyped a password, unless it is what no owner may: unlocking themself.
void record_refusal(House &house, const Caller &caller, const char *action,
                    const std::optional<Account> &owner) {
  if (!house.refusals.may_record(caller.person, house.clock.boot())) return;
  AuditRecord record;
  record.time = house.clock.wall();
  record.event = event::kRefused;
  if (owner) record.user = owner->name.str();
  record.service = action;
  record.outcome = outcome::kDenied;
  record.reason = name_of(ErrorKind::NotAllowed);
  record.caller_uid = caller.uid;
  record.caller_pid = caller.pid;
  const Status written = house.ledger.append(record);
  if (!written) log_line(LogLevel::Error, "audit: " + log_safe(written.error().sentence));
}

Task<Status> ask(House &house, const Caller &caller, PolkitQuestion question) {
  if (std::string_view(question.action).starts_with(kAction))
    co_return co_await ask_polkit(house, caller, std::move(question));
  co_return Error{ErrorKind::NotAllowed, "Only programs of the machine may do this."};
}

}  // namespace

bool is_trusted(const House &house, const Caller &caller, Deed deed) {
  return caller.is_root() || (deed == Deed::SshKeys && caller.uid == house.sshds_user);
}

Task<Status> authorize(House &house, Caller caller, bool interactive, Deed deed,
                       std::optional<Account> owner) {
  const auto row = std::ranges::find(kTable, deed, &Row::deed);
  if (deed == Deed::Nothing || row == std::end(kTable))
    co_return Error{ErrorKind::NotAllowed, "Nobody may do this."};
  if (is_trusted(house, caller, deed)) co_return Ok{};
  const bool own = owner && owner->uid == caller.uid;
  PolkitQuestion question{own ? row->own : row->others, {}, interactive};
  if (std::string_view(question.action) == kFree) co_return Ok{};
  if (owner) question.user = owner->name.str();
  const char *action = question.action;
  const Status allowed = co_await ask(house, caller, std::move(question));
  if (!allowed && allowed.error().kind == ErrorKind::NotAllowed && !(own && is_for_owners(*row)))
    record_refusal(house, caller, action, owner);
  co_return allowed;
}

}  // namespace passkeyd
