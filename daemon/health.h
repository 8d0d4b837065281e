/// Health: whether this machine's passkeys work and are as safe as they could be. Facts are gathered first
/// (health_facts.cpp), without keeping the loop; what to say of them is decided on values. docs/health.md has
/// the checks for readers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/level.h"
#include "daemon/admission.h"
#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

struct Finding {
  std::string check;  ///< stable name, such as "tpm-lockout-auth"
  Level level = Level::Bad;
  std::string detail;  ///< one printable line, for people who know
  std::map<std::string, std::uint64_t> numbers = {};
};

/// What is looked at. A Result that holds an error could not be found out.
struct HealthFacts {
  std::string tcti;
  Result<wire::TpmExamined> tpm = Error{};
  std::uint64_t platform_credentials = 0;  ///< active ones, everybody's
  Result<AuditChain> chain = Error{};
  Status ledger = Error{};  ///< Ledger::check()
  std::uint64_t bad_rows = 0;
  Result<LedgerRoom> room = Error{};
  std::string config_state;
  WallTime now{};
  std::optional<WallTime> newest_record = {};
  Result<std::optional<MetadataState>> metadata = Error{};
  std::optional<std::string> configured_rp_id = {};
  std::string rp_id;
  std::uint64_t ceremonies = 0;
  std::uint64_t overdue_ceremonies = 0;  ///< were killed and have not ended
  int landlock = 0;                      ///< common/landlock.h
};

/// One finding for each check that applies, in a fixed order.
std::vector<Finding> findings_of(const HealthFacts &facts);

/// Gathers the facts and judges them. The TPM is asked in ceremonies, a minute at most for each.
Task<Result<std::vector<Finding>>> examine(House &house);

}  // namespace passkeyd
