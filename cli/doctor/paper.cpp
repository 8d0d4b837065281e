/// Writing findings down.
#include "cli/doctor/paper.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace passkeyd::cli {
namespace {

constexpr Level kLevels[] = {Level::Bad, Level::Warning, Level::Note, Level::Good};
constexpr std::size_t kColumn = 9;  ///< as wide as "warning", and two spaces

std::string padded(std::string_view text) {
  return std::string(text) + std::string(kColumn - std::min(kColumn, text.size()), ' ');
}

}  // namespace

std::string findings_text(const Findings &findings, Telling telling) {
  std::string text;
  for (const Level level : kLevels) {
    if (telling == Telling::Troubles && (level == Level::Note || level == Level::Good)) continue;
    for (const Finding &finding : findings) {
      if (finding.level != level) continue;
      text += padded(name_of(level)) + finding.what + "\n";
      if (!finding.detail.empty() && level != Level::Good) text += padded("") + "(" + finding.detail + ")\n";
      if (!finding.advice.empty()) text += padded("") + "-> " + finding.advice + "\n";
    }
  }
  return text;
}

std::string summary_text(const Findings &findings) {
  std::string text;
  for (const Level level : kLevels) {
    const auto count = std::count_if(findings.begin(), findings.end(),
                                     [&](const Finding &finding) { return finding.level == level; });
    const bool plural = count != 1 && (level == Level::Warning || level == Level::Note);
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(name_of(level)) +
            (plural ? "s" : "");
  }
  return text;
}

nlohmann::json findings_json(const Findings &findings) {
  nlohmann::json all = nlohmann::json::array();
  for (const Finding &finding : findings)
    all.push_back({{"check", finding.check},
                   {"level", name_of(finding.level)},
                   {"what", finding.what},
                   {"advice", finding.advice},
                   {"detail", finding.detail},
                   {"numbers", finding.numbers}});
  return all;
}

Level worst_of(const Findings &findings) {
  Level worst = Level::Good;
  for (const Finding &finding : findings) worst = std::min(worst, finding.level);  // declared worst first
  return worst;
}

}  // namespace passkeyd::cli
