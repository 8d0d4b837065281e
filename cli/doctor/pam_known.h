/// What doctor knows of modules and hosts by their names. Options and hosts of pam_passkey are those of
/// pam_passkey(8); a test holds them against the module's own tables.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/doctor/pam_stack.h"

namespace passkeyd::cli {

/// What a module is for, in an auth line.
enum class PamRole {
  Proof,      ///< somebody proves who they are; also modules that are not known
  Password,   ///< the same, and by the password that everybody has
  Condition,  ///< says yes or no by other things than a proof (pam_wheel, pam_access)
  Helper,     ///< always succeeds: sets something up
  RootOnly,   ///< succeeds for root alone
  Refusal,    ///< never succeeds
  Ours,
};

PamRole role_of(const PamEntry &entry);

/// What is wrong with an option of pam_passkey in a line of `group`; nullopt: nothing.
std::optional<std::string> option_problem(PamGroup group, std::string_view option);

/// How a program deals with questions.
enum class PamHost {
  Talks,
  OneAnswer,  ///< answers every question with one text, filled in before anybody asked
  NoAnswer,   ///< shows no question
};

PamHost host_of(std::string_view service);

}  // namespace passkeyd::cli
