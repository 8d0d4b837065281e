/// Contents: the lines of an export behind the first: the machine, its credentials, locks, and audit. Written
/// one by one, and read one by one, so that nobody has to hold the whole or be kept by it.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "daemon/transfer/record.h"
#include "ledger/holdings.h"

namespace passkeyd::transfer {

/// Most of each that an export may hold.
inline constexpr std::int64_t kMostCredentials = 20'000;
inline constexpr std::int64_t kMostLocks = 20'000;
inline constexpr std::int64_t kMostAudit = 100'000;

struct Machine {
  RpId rp_id;
  std::string name;  ///< host name
  WallTime made{};   ///< when the export was made
};

/// The first of these lines: what it is about, and how much follows.
std::string line_of(const Machine &machine, const Holdings &held);
std::string line_of(const HeldCredential &held);
std::string line_of(const HeldLock &held);
std::string line_of(const AuditEntry &entry);

/// The credential that a line tells of, by the same judgement as a stored row, its key by the verifier's.
/// Errors: InvalidInput.
Result<HeldCredential> credential_of(const Record &record);

/// Reads the lines in their order.
class ContentsReader {
 public:
  /// Errors: InvalidInput, with the number of the line.
  Status take(std::string_view line);

  /// What was read; of the audit only its ends, which have been seen to fit what was between them.
  /// Errors: InvalidInput if something is missing.
  struct Read {
    Machine machine;
    Holdings held;
  };
  Result<Read> done() &&;

 private:
  Status take_machine(const Record &record);
  Status take_credential(const Record &record);
  Status take_lock(const Record &record);
  Status take_audit(const Record &record);
  Status take_record(std::string_view line);

  std::optional<Machine> machine_;
  Holdings held_;
  std::int64_t credentials_ = 0;  ///< announced
  std::int64_t locks_ = 0;
  std::set<Bytes> ids_;
  std::set<std::string> locked_;
  std::int64_t next_audit_ = 1;
  Sha256 last_hash_{};
  std::int64_t lines_ = 0;
};

}  // namespace passkeyd::transfer
