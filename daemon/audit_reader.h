/// AuditReader: what GetAudit and VerifyAudit answer.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <string>
#include <vector>

#include "daemon/admission.h"
#include "daemon/house.h"
#include "daemon/task.h"
#include "ledger/ledger.h"

namespace passkeyd {

struct AuditRequest {
  std::optional<UserName> user;  ///< nullopt: everybody
  AuditQuery query;
  bool root = false;             ///< who asks
  std::chrono::seconds wait{0};  ///< for a record, where there is none; only with query.after
};

/// Keys: those of common/steps.h, option::, with their types of docs/dbus.md. Errors: InvalidInput.
Result<AuditRequest> read_audit_request(sd_bus_message *call);

/// The records, oldest first; where none is there yet, as soon as one comes, and none after the wait. Errors:
/// Busy (too many wait), or the ledger's.
Task<Result<std::vector<AuditEntry>>> read_audit(House &house, AuditRequest request);

/// Verifies the whole chain, in pieces that hold up nobody.
Task<Result<AuditChain>> verify_audit(House &house);

Task<Status> get_audit(House &house, Call call);

}  // namespace passkeyd
