/// AuditReader: what GetAudit and VerifyAudit answer. Who may ask is decided elsewhere.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <string>
#include <vector>

#include "daemon/house.h"
#include "daemon/task.h"
#include "ledger/ledger.h"

namespace passkeyd {

struct AuditRequest {
  AuditQuery query;
  std::chrono::seconds wait{0};  ///< for a record, where there is none; only with query.after
};

/// Keys: those of common/steps.h, option::, with their types of docs/dbus.md. Errors: InvalidInput.
Result<AuditRequest> read_audit_request(sd_bus_message *call);

/// The records, oldest first; where none is there yet, as soon as one comes, and none after the wait.
/// `only_uid`: only about accounts with this number. `caller`: a bus name; once it is gone, so is the
/// question. Errors: Busy (too many wait), Cancelled (the caller has gone).
Task<Result<std::vector<AuditEntry>>> read_audit(House &house, AuditRequest request,
                                                 std::optional<uid_t> only_uid, std::string caller);

/// Verifies the whole chain, in pieces that hold up nobody.
Task<Result<AuditChain>> verify_audit(House &house);

/// aa{sv}, as docs/dbus.md has it.
int write(sd_bus_message *reply, const std::vector<AuditEntry> &records);
/// a{sv}: rows, first, pruned, head, first-bad.
int write(sd_bus_message *reply, const AuditChain &chain);

}  // namespace passkeyd
