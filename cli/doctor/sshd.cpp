/// sshd's own settings decide whether PAM, and with it the module, is asked at all.
#include "cli/doctor/checks.h"
#include "cli/doctor/pam_stack.h"
#include "cli/doctor/sshd_settings.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

/// Ways in without PAM's auth part: "publickey" alone, among the lists that sshd accepts.
bool insists_on_keys(const std::string &methods) {
  return !methods.empty() && methods != "any" && methods.find("keyboard-interactive") == std::string::npos &&
         methods.find("password") == std::string::npos;
}

}  // namespace

Findings check_sshd(const Machine &machine) {
  if (!machine.has(SshdSettings::kFile)) return {};
  const Result<SshdSettings> settings = SshdSettings::of(machine);
  if (!settings) return {unseen("sshd", SshdSettings::kFile, settings.error())};
  const std::optional<PamStack> stack = read_pam_stack(machine, "sshd");
  const bool auth = stack && has_our_line(*stack, PamGroup::Auth);
  const bool account = stack && has_our_line(*stack, PamGroup::Account);
  if (!auth && !account) return {{"sshd", Level::Good, "sshd's PAM stack does not ask for passkeys."}};
  Findings found;
  const std::string restart = "in the file that sets it, then: systemctl reload ssh";
  if (settings->word("usepam", "no") != "yes")
    return {{"sshd", Level::Warning,
             "sshd does not ask PAM (UsePAM no): neither backup codes nor a lock of an account count there, "
             "and no passkey-askpass is asked.",
             "UsePAM yes " + restart}};
  const bool keyboard = settings->word("kbdinteractiveauthentication", "yes") == "yes";
  const bool password = settings->word("passwordauthentication", "yes") == "yes";
  const std::string methods = settings->word("authenticationmethods", "any");
  if (auth && (insists_on_keys(methods) || (!keyboard && !password)))
    found.push_back({"sshd", Level::Note,
                     "sshd takes SSH keys only: its PAM stack never asks for a backup code, and no "
                     "passkey-askpass is asked.",
                     "", "AuthenticationMethods " + printable(methods, 255)});
  else if (auth && !keyboard)
    found.push_back(
        {"sshd", Level::Note,
         "sshd's method \"password\" gives one answer to every question: no backup code can be typed there, "
         "and no passkey-askpass is asked.",
         "KbdInteractiveAuthentication yes " + restart});
  if (!account)
    found.push_back(
        {"sshd", Level::Note,
         "sshd's account stack does not ask about locks: who is locked still gets in with an SSH key.",
         "account [perm_denied=die default=ignore] pam_passkey.so always, first in /etc/pam.d/sshd"});
  if (found.empty()) found.push_back({"sshd", Level::Good, "sshd asks PAM."});
  return found;
}

}  // namespace passkeyd::cli
