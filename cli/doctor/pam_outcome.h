/// What comes of a PAM stack, given what each module says: libpam's own rules (pam.conf(5)), without running
/// anything.
#pragma once

#include <functional>
#include <vector>

#include "cli/doctor/pam_stack.h"

namespace passkeyd::cli {

/// What a module may say, as far as it matters here.
enum class PamAnswer {
  AuthErr,
  Success,
  Ignore,
  AuthInfoUnavail,
  PermDenied,
  ModuleUnknown,  ///< the module is not there
};

using PamAnswers = std::function<PamAnswer(const PamEntry &)>;

/// True if the stack says PAM_SUCCESS in the end. Anything it cannot make sense of counts as a refusal, as in
/// libpam.
bool opens(const std::vector<PamEntry> &stack, const PamAnswers &answers);

}  // namespace passkeyd::cli
