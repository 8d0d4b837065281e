/// Gathering what health.cpp judges.
#include <algorithm>

#include "common/landlock.h"
#include "daemon/audit_reader.h"
#include "daemon/errand.h"
#include "daemon/health.h"

namespace passkeyd {
namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr std::size_t kMostLookedAt = 256;

/// The newest platform credentials first: older ones share their fate, and there is a bound.
std::vector<Bytes> platforms_of(const std::vector<Credential> &active) {
  std::vector<Bytes> platforms;
  for (auto each = active.rbegin(); each != active.rend() && platforms.size() < kMostLookedAt; ++each)
    platforms.push_back(each->platform);
  return platforms;
}

Result<std::optional<WallTime>> newest_record(Ledger &ledger) {
  const std::vector<AuditEntry> newest = TRY(ledger.audit({.most = 1}));
  if (newest.empty()) return std::optional<WallTime>();
  return std::optional(newest.back().record.time);
}

/// What the ledger has to say, and of itself.
std::vector<Credential> ask_ledger(House &house, HealthFacts &facts) {
  facts.ledger = house.ledger.check();
  facts.room = house.ledger.room();
  facts.metadata = house.ledger.metadata_state();
  const Result<std::optional<WallTime>> newest = newest_record(house.ledger);
  if (newest) facts.newest_record = newest.value();
  Result<Credentials> stored = house.ledger.all_credentials();
  if (!stored) return {};
  facts.bad_rows = stored->problems.size();
  std::erase_if(stored->rows, [](const Credential &each) {
    return each.way != Way::Tpm || each.state != CredentialState::Active;
  });
  facts.platform_credentials = stored->rows.size();
  return std::move(stored->rows);
}

/// A few keys at a time: sign-ins that want the TPM get their turn in between.
Task<Result<wire::TpmExamined>> ask_tpm(House &house, std::string tcti, std::vector<Bytes> platforms) {
  std::optional<wire::TpmExamined> found;
  for (std::size_t at = 0; !found || at < platforms.size(); at += wire::kMaxPlatforms) {
    const std::size_t end = std::min(at + wire::kMaxPlatforms, platforms.size());
    wire::ExamineTpm question{tcti, {}};
    for (std::size_t each = at; each < end; ++each) question.platforms.push_back(platforms[each]);
    wire::Request request = std::move(question);
    Result<Returned<wire::TpmExamined>> told =
        co_await errand<wire::TpmExamined>(house, std::move(request), tcti, {}, kPatience);
    if (!told) co_return told.error();
    wire::TpmExamined &now = told->value;
    if (found) {
      now.loads += found->loads;
      now.parent_changed += found->parent_changed;
      now.foreign += found->foreign;
      now.broken += found->broken;
    }
    found = std::move(now);
  }
  co_return std::move(*found);
}

}  // namespace

Task<Result<std::vector<Finding>>> examine(House &house) {
  HealthFacts facts;
  facts.now = house.clock.wall();
  facts.tcti = house.config.tcti;
  facts.config_state = house.config_state;
  facts.rp_id = house.rp_id.str();
  if (house.config.rp_id) facts.configured_rp_id = house.config.rp_id->str();
  facts.ceremonies = house.ceremonies.count();
  facts.overdue_ceremonies = house.ceremonies.overdue();
  facts.landlock = landlock_version();
  const std::vector<Credential> platform = ask_ledger(house, facts);
  facts.chain = co_await verify_audit(house);
  std::vector<Bytes> platforms = platforms_of(platform);
  facts.tpm = co_await ask_tpm(house, facts.tcti, std::move(platforms));
  co_return findings_of(facts);
}

}  // namespace passkeyd
