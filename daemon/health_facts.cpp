/// Gathering what health.cpp judges.
#include "daemon/errand.h"
#include "daemon/health.h"

namespace passkeyd {
namespace {

constexpr std::chrono::seconds kPatience{60};

/// The newest platform credentials first: older ones share their fate, and there is a bound.
std::vector<Bytes> platforms_of(const std::vector<Credential> &active) {
  std::vector<Bytes> platforms;
  for (auto each = active.rbegin(); each != active.rend() && platforms.size() < wire::kMaxPlatforms; ++each)
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
  const std::vector<Credential> platform = ask_ledger(house, facts);
  facts.chain = house.ledger.verify_chain();
  wire::Request request = wire::ExamineTpm{facts.tcti, platforms_of(platform)};
  Result<Returned<wire::TpmExamined>> tpm =
      co_await errand<wire::TpmExamined>(house, std::move(request), facts.tcti, {}, kPatience);
  if (tpm)
    facts.tpm = std::move(tpm->value);
  else
    facts.tpm = tpm.error();
  co_return findings_of(facts);
}

}  // namespace passkeyd
