/// One PAM service, judged: what comes of its stack when the passkey works, when it does not, and when an
/// account has none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/doctor/pam_stack.h"
#include "client/health.h"

namespace passkeyd::cli {

/// What is to be said of a line or of a whole service. Lines are shared by services, so the service is not in
/// it.
struct PamRemark {
  const char *check;
  Level level;
  std::string place;  ///< "FILE:LINE" of our line
  std::string what;
  std::string advice;
  bool operator==(const PamRemark &) const = default;
};

/// True if the module has a line in any group.
bool uses_passkeys(const PamStack &stack);

std::vector<PamRemark> judge_service(const std::string &service, const PamStack &stack);

/// What becomes of each group that has a line of ours once the module is not there any more: Bad, where then
/// nobody gets in; a Note, where others do.
std::vector<PamRemark> judge_removal(const PamStack &stack);

/// Enrolling and making codes go through polkit, so whoever gets past it gets past sudo soon after. nullopt:
/// sudo takes a password alone, too, or polkit takes none.
std::optional<PamRemark> judge_polkit(const PamStack &polkit, const PamStack &sudo);

}  // namespace passkeyd::cli
