/// Manager.GetHealth.
#include "client/health.h"

#include <optional>
#include <utility>

#include "client/dictionary.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMaxFindings = 256;
/// The daemon may have to ask a slow TPM, and polkit a person.
constexpr Patience::Time kMost = std::chrono::seconds(90);

/// A level that nobody here knows is a newer daemon's: something to look at, whatever it means.
Level level_of(std::string_view name) {
  for (const Level level : {Level::Bad, Level::Note, Level::Good})
    if (name_of(level) == name) return level;
  return Level::Warning;
}

std::optional<HealthFinding> finding_of(const Dictionary &row) {
  HealthFinding finding;
  std::string level;
  if (!row.take("check", finding.check) || !row.take("level", level) || !row.take("detail", finding.detail) ||
      finding.check.empty())
    return std::nullopt;
  finding.level = level_of(level);
  for (const auto &[key, value] : row.entries())
    if (const auto *number = std::get_if<std::int64_t>(&value)) finding.numbers.emplace(key, *number);
  return finding;
}

}  // namespace

Result<std::vector<HealthFinding>> get_health(Bus &bus, Patience &patience) {
  const Message reply = TRY(bus.call_manager("GetHealth", {}, patience, kMost));
  const std::vector<Dictionary> rows = TRY(Dictionary::read_list(reply.get(), kMaxFindings));
  std::vector<HealthFinding> findings;
  for (const Dictionary &row : rows) {
    std::optional<HealthFinding> finding = finding_of(row);
    if (!finding) return Error{ErrorKind::Malformed, "GetHealth: a finding does not parse"};
    findings.push_back(std::move(*finding));
  }
  return findings;
}

}  // namespace passkeyd
