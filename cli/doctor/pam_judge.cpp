/// Judging a service. What other modules would say is not known, so a stack is tried with all of them for and
/// all of them against, and only what holds either way is said.
#include "cli/doctor/pam_judge.h"

#include <algorithm>
#include <optional>

#include "cli/doctor/pam_known.h"
#include "cli/doctor/pam_outcome.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

/// The answer to every question but ours.
struct Others {
  PamAnswer proofs = PamAnswer::AuthErr;
  PamAnswer conditions = PamAnswer::Success;
  PamAnswer passwords = proofs;
};

bool opens_with(const std::vector<PamEntry> &stack, PamAnswer ours, const Others &others) {
  return opens(stack, [&](const PamEntry &entry) {
    switch (role_of(entry)) {
      case PamRole::Ours:
        return ours;
      case PamRole::Helper:
        return PamAnswer::Success;
      case PamRole::Condition:
        return others.conditions;
      case PamRole::Proof:
        return others.proofs;
      case PamRole::Password:
        return others.passwords;
      case PamRole::RootOnly:
      case PamRole::Refusal:
        break;
    }
    return PamAnswer::AuthErr;
  });
}

bool ever_opens(const std::vector<PamEntry> &stack, PamAnswer ours, PamAnswer proofs) {
  return opens_with(stack, ours, {proofs, PamAnswer::Success}) ||
         opens_with(stack, ours, {proofs, PamAnswer::AuthErr});
}

bool always_opens(const std::vector<PamEntry> &stack, PamAnswer ours, PamAnswer proofs) {
  return opens_with(stack, ours, {proofs, PamAnswer::Success}) &&
         opens_with(stack, ours, {proofs, PamAnswer::AuthErr});
}

/// For somebody who knows the password of an account that has a passkey, and has nothing else: the passkey
/// fails, or they step down from it, and whatever else proves something fails as well.
bool password_opens(const std::vector<PamEntry> &stack) {
  for (const PamAnswer ours : {PamAnswer::AuthErr, PamAnswer::AuthInfoUnavail})
    for (const PamAnswer conditions : {PamAnswer::Success, PamAnswer::AuthErr})
      if (opens_with(stack, ours, {PamAnswer::AuthErr, conditions, PamAnswer::Success})) return true;
  return false;
}

const PamEntry *first_with(const std::vector<const PamEntry *> &lines, PamRole role) {
  for (const PamEntry *line : lines)
    if (role_of(*line) == role) return line;
  return nullptr;
}

bool has_argument(const PamEntry &line, std::string_view argument) {
  return std::find(line.arguments.begin(), line.arguments.end(), argument) != line.arguments.end();
}

constexpr const char *kLine = "the lines that serve are in pam_passkey(8), STACKS";

void judge_options(PamGroup group, const std::vector<const PamEntry *> &lines,
                   std::vector<PamRemark> &remarks) {
  for (const PamEntry *line : lines) {
    if (!line->is_ours()) continue;
    for (const std::string &argument : line->arguments)
      if (const auto problem = option_problem(group, argument))
        remarks.push_back({"pam-option", Level::Bad, line->place(),
                           "the option '" + printable(argument, 64) + "' " + *problem +
                               ", so every call of the module fails",
                           "correct the line; the options are in pam_passkey(8)"});
  }
}

/// What the whole auth stack comes to.
void judge_outcome(const std::vector<PamEntry> &stack, const PamEntry &ours,
                   std::vector<PamRemark> &remarks) {
  const std::string place = ours.place();
  const bool passkey_alone = ever_opens(stack, PamAnswer::Success, PamAnswer::AuthErr);
  const bool passkey_helps = passkey_alone || ever_opens(stack, PamAnswer::Success, PamAnswer::Success);
  if (!passkey_helps)
    return remarks.push_back(
        {"pam-broken", Level::Bad, place, "nothing opens this stack, not even a passkey that works", kLine});
  for (const PamAnswer none : {PamAnswer::Ignore, PamAnswer::AuthInfoUnavail})
    if (always_opens(stack, none, PamAnswer::AuthErr))
      return remarks.push_back(
          {"pam-open", Level::Bad, place,
           "whoever has no passkey, or no service to ask, gets in without proving anything",
           std::string("let the stack end in pam_deny.so, or ask for a password; ") + kLine});
  if (!ever_opens(stack, PamAnswer::AuthInfoUnavail, PamAnswer::Success))
    remarks.push_back(
        {"pam-lockout", Level::Warning, place,
         "nobody gets in without a passkey: a lost key or a service that does not answer locks people out",
         "keep another way to become root open, and set backup_codes = always for the service "
         "(passkeyd.conf(5)); or make the line \"auth sufficient pam_passkey.so\" before the password"});
  else if (!passkey_alone && ever_opens(stack, PamAnswer::AuthErr, PamAnswer::Success))
    remarks.push_back(
        {"pam-idle", Level::Warning, place, "the passkey is asked for, and decides nothing", kLine});
  else if (!passkey_alone && ever_opens(stack, PamAnswer::Ignore, PamAnswer::Success))
    remarks.push_back({"pam-either", Level::Warning, place,
                       "meant for a passkey and a password, but for an account without a passkey the "
                       "password alone will do",
                       "auth [success=ok default=die] pam_passkey.so"});
}

void judge_order(const std::vector<PamEntry> &stack, const std::vector<const PamEntry *> &lines,
                 const PamEntry &ours, std::vector<PamRemark> &remarks) {
  const PamEntry *password = first_with(lines, PamRole::Password);
  if (password == nullptr || !ever_opens(stack, PamAnswer::Success, PamAnswer::AuthErr)) return;
  if (std::find(lines.begin(), lines.end(), password) < std::find(lines.begin(), lines.end(), &ours))
    remarks.push_back({"pam-order", Level::Warning, ours.place(),
                       "the passkey comes after the password, which is asked for first",
                       "move the line up, before that of " + std::string(password->name())});
}

void judge_host(const std::string &service, const std::vector<PamEntry> &stack, const PamEntry &ours,
                std::vector<PamRemark> &remarks) {
  if (host_of(service) != PamHost::OneAnswer) return;
  if (has_argument(ours, "host=talks"))
    remarks.push_back({"pam-host", Level::Bad, ours.place(),
                       "this program answers every question with the password, and host=talks has it asked "
                       "for a PIN: eight "
                       "of those lock a security key for ever",
                       "take host=talks out of the line"});
  if (!ever_opens(stack, PamAnswer::Success, PamAnswer::AuthErr))
    remarks.push_back({"pam-host", Level::Warning, ours.place(),
                       "this program gives one answer, and cannot be asked for a passkey and a password",
                       "ask for either of them there"});
}

void judge_account(const PamStack &stack, const PamEntry *auth, std::vector<PamRemark> &remarks) {
  const std::vector<PamEntry> &account = stack.of(PamGroup::Account);
  const std::vector<const PamEntry *> lines = flattened(account);
  const PamEntry *ours = first_with(lines, PamRole::Ours);
  constexpr const char *kAccount =
      "account [perm_denied=die default=ignore] pam_passkey.so, before pam_unix.so";
  if (ours == nullptr) {
    if (auth != nullptr)
      remarks.push_back(
          {"pam-account", Level::Note, auth->place(),
           "there is no account line: \"passkeyctl lock --all-methods\" keeps nobody out who has a password",
           kAccount});
    return;
  }
  if (!ever_opens(account, PamAnswer::AuthInfoUnavail, PamAnswer::Success))
    remarks.push_back({"pam-lockout", Level::Warning, ours->place(),
                       "the account line keeps everybody out while the service does not answer", kAccount});
  if (ever_opens(account, PamAnswer::PermDenied, PamAnswer::Success))
    remarks.push_back({"pam-account", Level::Warning, ours->place(),
                       "the account line does not keep out who is locked", kAccount});
}

}  // namespace

bool uses_passkeys(const PamStack &stack) {
  for (const std::vector<PamEntry> &group : stack.groups)
    if (first_with(flattened(group), PamRole::Ours) != nullptr) return true;
  return false;
}

std::vector<PamRemark> judge_service(const std::string &service, const PamStack &stack) {
  std::vector<PamRemark> remarks;
  for (std::size_t group = 0; group < stack.groups.size(); ++group)
    judge_options(static_cast<PamGroup>(group), flattened(stack.groups.at(group)), remarks);
  const std::vector<PamEntry> &auth = stack.of(PamGroup::Auth);
  const std::vector<const PamEntry *> lines = flattened(auth);
  const PamEntry *ours = first_with(lines, PamRole::Ours);
  if (ours != nullptr) {
    judge_outcome(auth, *ours, remarks);
    judge_order(auth, lines, *ours, remarks);
    judge_host(service, auth, *ours, remarks);
  }
  judge_account(stack, ours, remarks);
  return remarks;
}

std::vector<PamRemark> judge_removal(const PamStack &stack) {
  std::vector<PamRemark> remarks;
  for (const std::vector<PamEntry> &group : stack.groups) {
    const PamEntry *ours = first_with(flattened(group), PamRole::Ours);
    if (ours == nullptr) continue;
    const bool opens_now = ever_opens(group, PamAnswer::Success, PamAnswer::Success);
    if (opens_now && !ever_opens(group, PamAnswer::ModuleUnknown, PamAnswer::Success))
      remarks.push_back({"pam-removal", Level::Bad, ours->place(),
                         "without pam_passkey.so nobody gets in, not even with a password",
                         "have a password asked for as well, or take the line out"});
    else
      remarks.push_back({"pam-removal", Level::Note, ours->place(),
                         "without pam_passkey.so PAM passes over the line, and says so in the log", ""});
  }
  return remarks;
}

std::optional<PamRemark> judge_polkit(const PamStack &polkit, const PamStack &sudo) {
  const std::vector<PamEntry> &wanted = sudo.of(PamGroup::Auth);
  const bool insists = first_with(flattened(wanted), PamRole::Ours) != nullptr && !password_opens(wanted) &&
                       ever_opens(wanted, PamAnswer::Success, PamAnswer::Success);
  const std::vector<PamEntry> &auth = polkit.of(PamGroup::Auth);
  if (!insists || !password_opens(auth)) return std::nullopt;
  const std::vector<const PamEntry *> lines = flattened(auth);
  const PamEntry *password = first_with(lines, PamRole::Password);
  return PamRemark{"pam-polkit", Level::Warning, (password != nullptr ? password : lines.front())->place(),
                   "sudo refuses a password without a passkey, and polkit takes it: a password is enough to "
                   "enroll a passkey or to make backup codes, and those open sudo",
                   "give /etc/pam.d/polkit-1 the auth lines of /etc/pam.d/sudo"};
}

}  // namespace passkeyd::cli
