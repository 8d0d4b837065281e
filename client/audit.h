/// Audit: what happened on this machine, read from the daemon a page at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/bus.h"
#include "common/account.h"

namespace passkeyd {

/// One record, as GetAudit gives it. Texts are printable.
struct AuditLine {
  std::int64_t number = 0;
  std::int64_t time = 0;  ///< seconds since 1970
  std::string event = {};
  std::string user = {};
  std::optional<std::int64_t> uid = {};
  std::string service = {};
  std::string way = {};
  std::string credential = {};  ///< short id; empty: none
  std::string outcome = {};
  std::string reason = {};
  std::optional<std::int64_t> caller_uid = {};
  std::optional<std::int64_t> caller_pid = {};
  std::string rhost = {};
  std::string hash = {};  ///< of the record and all before it, hexadecimal
};

struct AuditQuestion {
  std::optional<UserName> user = {};
  std::optional<std::int64_t> since = {};
  std::optional<std::int64_t> until = {};
  std::optional<std::int64_t> after = {};   ///< only later ones; then the oldest of them come
  std::optional<std::int64_t> before = {};  ///< only earlier ones
  std::uint32_t most = option::kMostRecords;
  std::chrono::seconds wait{0};  ///< with `after`: for a record that is not there yet, up to kMaxWait
  static constexpr std::chrono::seconds kMaxWait{300};
};

/// Records that fit, oldest first. Errors: as Bus::call_manager; Malformed for an answer that makes no sense,
/// or does not keep to the question.
Result<std::vector<AuditLine>> get_audit(Bus &bus, const AuditQuestion &question, Patience &patience);

/// What VerifyAudit found.
struct ChainReport {
  std::int64_t rows = 0;
  std::int64_t first = 0;   ///< number of the oldest record that is kept
  std::int64_t pruned = 0;  ///< records before it that were let go
  std::string head = {};
  std::optional<std::int64_t> first_bad = {};  ///< nullopt: none was altered, none is missing
};

/// Has the daemon go through the whole chain. Errors: as Bus::call_manager; Malformed.
Result<ChainReport> verify_audit(Bus &bus, Patience &patience);

}  // namespace passkeyd
