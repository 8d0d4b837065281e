/// Answers to the Manager's callers, as the bus carries them: one write() for each kind of value, one way to
/// send it. docs/dbus.md has the keys.
#pragma once

#include <systemd/sd-bus.h>

#include <vector>

#include "daemon/administration.h"
#include "daemon/bus.h"
#include "daemon/code.h"
#include "daemon/config.h"
#include "daemon/described.h"
#include "daemon/health.h"
#include "daemon/metadata_import.h"
#include "daemon/people.h"
#include "daemon/status.h"
#include "daemon/transfer/export.h"
#include "daemon/transfer/import.h"

namespace passkeyd {

// Each appends its value to a reply and gives a negative errno on failure.

/// Nothing at all.
int write(sd_bus_message *reply, const Ok &done);
/// u.
int write(sd_bus_message *reply, std::uint32_t count);
/// a{sv}: how an account stands.
int write(sd_bus_message *reply, const Standing &standing);
/// hu: the file and how many codes are in it.
int write(sd_bus_message *reply, const NewCodes &codes);
/// aa{sv}: key, value, source.
int write(sd_bus_message *reply, const std::vector<PolicyLine> &lines);
/// aa{sv}: credentials. Public facts only: no key, no wrapped blob.
int write(sd_bus_message *reply, const std::vector<Described> &credentials);
/// aa{sv}: keys for accounts elsewhere. Public facts only.
int write(sd_bus_message *reply, const std::vector<GuestKey> &keys);
/// aa{sv}: accounts.
int write(sd_bus_message *reply, const std::vector<Person> &people);
/// a{sv}: the daemon's state.
int write(sd_bus_message *reply, const DaemonState &state);
/// aa{sv}: check, level, detail (all s), and numbers by name (t).
int write(sd_bus_message *reply, const std::vector<Finding> &findings);
/// aa{sv}: audit records.
int write(sd_bus_message *reply, const std::vector<AuditEntry> &records);
/// a{sv}: rows, first, pruned, head, first-bad.
int write(sd_bus_message *reply, const AuditChain &chain);
/// hs: the file and the signer's fingerprint.
int write(sd_bus_message *reply, const ExportFile &made);
/// aa{sv}: what an import changes.
int write(sd_bus_message *reply, const std::vector<ImportChange> &changes);
/// a{sv}: number, next-update, models, recalled, flagged.
int write(sd_bus_message *reply, const MetadataSummary &summary);

/// Answers `call` with `value`. Errors: Io.
template <class T>
Status reply(sd_bus_message *call, const T &value) {
  sd_bus_message *made = nullptr;
  int failed = sd_bus_message_new_method_return(call, &made);
  const BusMessage held(made);
  if (failed >= 0) failed = write(made, value);
  if (failed >= 0) failed = sd_bus_send(sd_bus_message_get_bus(call), made, nullptr);
  if (failed < 0) return errno_error("answer", -failed);
  return Ok{};
}

}  // namespace passkeyd
