/// Judging what the daemon says of itself.
#include "cli/doctor/service.h"

#include <algorithm>

#include "cli/doctor/checks.h"
#include "cli/doctor/health_words.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

std::string text_in(const StatusReport &status, const char *key) {
  const auto found = status.find(key);
  const std::string *text = found == status.end() ? nullptr : std::get_if<std::string>(&found->second);
  return text != nullptr ? *text : "";
}

}  // namespace

Findings check_service(const Result<StatusReport> &status) {
  if (!status)
    return {{"service", Level::Bad, "The passkey service does not answer.",
             "systemctl status passkeyd, and: journalctl -u passkeyd -e",
             printable(status.error().sentence, 512)}};
  const std::string version = text_in(status.value(), "version");
  if (version != PASSKEYD_VERSION)
    return {{"service", Level::Warning,
             "The passkey service is of version " + (version.empty() ? "?" : version) + ", this command of " +
                 PASSKEYD_VERSION + ".",
             "systemctl restart passkeyd"}};
  return {{"service", Level::Good, "The passkey service answers; it is version " + version + "."}};
}

Findings check_health(const Result<std::vector<HealthFinding>> &health) {
  if (!health) return {unseen("health", "what the service knows of its ledger and the TPM", health.error())};
  Findings found;
  for (const HealthFinding &finding : health.value()) found.push_back(in_words(finding));
  return found;
}

}  // namespace passkeyd::cli
