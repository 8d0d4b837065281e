/// Journal: every audit record goes to systemd-journald too, once it is on the disk: one sentence for people,
/// fields for programs, and the record's hash, so that the ledger's chain has a witness elsewhere.
/// config/passkeyd.catalog explains each kind of record to whoever reads `journalctl -x`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/log.h"
#include "ledger/audit.h"

namespace passkeyd {

/// One kind of record: by which event and outcome it is known, and how it is told.
struct MessageKind {
  std::string_view event;
  std::string_view outcome;  ///< empty: any that has no row of its own
  /// MESSAGE_ID, 128 bits in hexadecimal: the same on every machine, for ever (systemd.journal-fields(7)).
  std::string_view id;
  LogLevel level;
  std::string_view sentence;  ///< with {placeholders}; see sentence_of in journal.cpp
};

/// All of them, spelled once.
std::span<const MessageKind> message_kinds();

/// The record as one line for people.
std::string sentence_of(const AuditRecord &record);

/// What the journal gets: "NAME=VALUE" each. Fields without a value are left out.
std::vector<std::string> journal_fields(const AuditEntry &entry);

/// Sends it. Where there is no journal, the sentence goes to standard error.
void tell_journal(const AuditEntry &entry);

}  // namespace passkeyd
