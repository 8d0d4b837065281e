/// Letting go of old audit records.
#include "daemon/retention.h"

#include <unistd.h>

#include <algorithm>

#include "common/log.h"
#include "daemon/turn.h"

namespace passkeyd {

std::optional<WallTime> kept_since(std::chrono::days retention, WallTime now,
                                   std::optional<WallTime> newest) {
  if (retention.count() == 0 || !newest) return std::nullopt;
  return std::chrono::floor<std::chrono::days>(std::min(now, *newest)) - retention;
}

Task<void> prune_by_age(House &house) {
  Turn turn(house.loop);
  const Actor by{geteuid(), getpid(), "passkeyd"};
  const Result<std::vector<AuditEntry>> last = house.ledger.audit({.most = 1});
  if (!last) co_return log_line(LogLevel::Error, "audit: " + log_safe(last.error().sentence));
  const auto newest = last->empty() ? std::nullopt : std::optional<WallTime>(last->front().record.time);
  const std::optional<WallTime> since = kept_since(house.config.audit_retention, house.clock.wall(), newest);
  if (!since) co_return;
  for (;;) {
    const Result<std::int64_t> gone = house.ledger.prune_audit(*since, by, house.clock.wall());
    if (!gone) co_return log_line(LogLevel::Error, "audit: " + log_safe(gone.error().sentence));
    if (gone.value() < Ledger::kPrunedAtOnce) co_return;
    co_await turn.next();
  }
}

}  // namespace passkeyd
