/// Counting what is left.
#include "cli/remaining.h"

#include "client/printable.h"

namespace passkeyd::cli {
namespace {

std::string number_of(std::size_t count, const char *what) {
  return (count == 0 ? "no" : std::to_string(count)) + " " + what + (count == 1 ? "" : "s");
}

std::string passkeys_in(const std::vector<CredentialRecord> &working) {
  if (working.empty()) return "no other passkey";
  if (working.size() > 1) return number_of(working.size(), "other passkey");
  return "one other passkey, \"" + working.front().name + "\"";
}

/// Where nobody has a passkey, codes are asked for only if the policy says so.
std::string codes_in(const Result<AccountState> &state, bool last) {
  if (!state || !state->codes_left) return "backup codes, if there are any";
  const std::string count = number_of(*state->codes_left, "backup code");
  return *state->codes_left > 0 && last ? count + " (asked for only where backup_codes = always)" : count;
}

}  // namespace

std::string ways_left(const UserName &user, const std::vector<CredentialRecord> &rest,
                      const Result<AccountState> &state) {
  std::vector<CredentialRecord> working;
  for (const CredentialRecord &each : rest)
    if (each.state == "active") working.push_back(each);
  const std::string whose = printable(user.str(), UserName::kMaxBytes);
  const std::string first = working.empty() ? whose + " then has no passkey that works.\n" : "";
  return first + "What " + whose + " has left then: " + passkeys_in(working) + ", " +
         codes_in(state, working.empty()) + ", and the password, if this account has one.\n";
}

}  // namespace passkeyd::cli
