/// Going through all PAM services. Most share their lines, so what is wrong with one is said once, with all
/// whom it concerns.
#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <set>

#include "cli/doctor/checks.h"
#include "cli/doctor/pam_judge.h"
#include "cli/doctor/pam_stack.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

/// What most people sign in through.
constexpr std::string_view kKnown[] = {"sudo",    "su",     "login",    "gdm-password", "sddm",
                                       "lightdm", "greetd", "polkit-1", "sshd"};

/// Its place among those; past all of them for any other.
std::size_t rank(const std::string &service) {
  return static_cast<std::size_t>(std::find(std::begin(kKnown), std::end(kKnown), service) -
                                  std::begin(kKnown));
}

struct Service {
  std::string name;
  PamStack stack;
};

struct Shared {
  PamRemark remark;
  std::vector<std::string> services;
};

/// "sudo, su and 12 more".
std::string some_of(const std::vector<std::string> &names) {
  constexpr std::size_t kShown = 8;
  std::string all;
  for (std::size_t at = 0; at < names.size() && at < kShown; ++at)
    all += (at == 0 ? "" : ", ") + printable(names[at], 64);
  return names.size() > kShown ? all + " and " + std::to_string(names.size() - kShown) + " more" : all;
}

/// Those whose auth part asks for a passkey, with what most people sign in through first.
std::vector<std::string> asking_services(const std::vector<Service> &services) {
  std::vector<std::string> names;
  for (const Service &service : services) {
    const std::vector<const PamEntry *> lines = flattened(service.stack.of(PamGroup::Auth));
    if (std::any_of(lines.begin(), lines.end(), [](const PamEntry *line) { return line->is_ours(); }))
      names.push_back(service.name);
  }
  std::stable_sort(names.begin(), names.end(),
                   [](const std::string &one, const std::string &other) { return rank(one) < rank(other); });
  return names;
}

/// What others include (common-auth, system-auth) is nobody's service, unless it is a known one (su, by
/// su-l).
std::vector<Service> services_of(const Machine &machine, const std::vector<std::string> &names) {
  std::vector<Service> services;
  std::set<std::string> included;
  for (const std::string &name : names) {
    std::optional<PamStack> stack = read_pam_stack(machine, name);
    if (!stack) continue;
    included.insert(stack->included.begin(), stack->included.end());
    services.push_back({name, std::move(*stack)});
  }
  std::erase_if(services, [&](const Service &service) {
    return included.contains(service.name) && rank(service.name) == std::size(kKnown);
  });
  return services;
}

Finding finding_of(const Shared &shared) {
  const PamRemark &remark = shared.remark;
  return {remark.check, remark.level,
          remark.place + ": " + remark.what + " (" + some_of(shared.services) + ").", remark.advice};
}

/// `remarks_on`: what is to be said of one service.
void judge(const std::vector<Service> &services,
           const std::function<std::vector<PamRemark>(const Service &)> &remarks_on, Findings &found) {
  std::vector<Shared> all;
  for (const Service &service : services)
    for (PamRemark &remark : remarks_on(service)) {
      const auto same =
          std::find_if(all.begin(), all.end(), [&](const Shared &each) { return each.remark == remark; });
      if (same == all.end())
        all.push_back({std::move(remark), {service.name}});
      else
        same->services.push_back(service.name);
    }
  for (const Shared &each : all) found.push_back(finding_of(each));
}

/// polkit's need not mention the module to be of concern: then a password is all that it asks for.
void compare_with_polkit(const Machine &machine, Findings &found) {
  const std::optional<PamStack> polkit = read_pam_stack(machine, "polkit-1");
  const std::optional<PamStack> sudo = read_pam_stack(machine, "sudo");
  if (!polkit || !sudo) return;
  if (std::optional<PamRemark> remark = judge_polkit(*polkit, *sudo))
    found.push_back(finding_of({std::move(*remark), {"polkit-1"}}));
}

/// Where libpam looks for a module that is named without a path.
std::optional<std::string> find_module(const Machine &machine) {
  std::vector<std::string> places;
  for (const std::string folder : {"/usr/lib", "/lib", "/usr/lib64", "/lib64"}) {
    places.push_back(folder + "/security/pam_passkey.so");
    if (const auto names = machine.list(folder); names)
      for (const std::string &name : names.value())
        if (name.find("-linux-gnu") != std::string::npos)
          places.push_back(folder + "/" + name + "/security/pam_passkey.so");
  }
  return machine.first_of(places);
}

void check_module(const Machine &machine, bool used, Findings &found) {
  const std::optional<std::string> path = find_module(machine);
  if (!path)
    return found.push_back(
        {"pam-module", used ? Level::Bad : Level::Warning,
         used ? "PAM services ask for pam_passkey.so, which is not installed where PAM looks."
              : "pam_passkey.so is not installed where PAM looks.",
         used ? "Install it again, or: pam-auth-update --disable passkey" : "Install it again."});
  const Result<FileFacts> facts = machine.look(*path);
  if (!facts || facts->uid != 0 || (facts->mode & (S_IWGRP | S_IWOTH)) != 0)
    return found.push_back({"pam-module", Level::Bad,
                            printable(*path, 255) + " can be changed by others than root.",
                            "chown root:root " + *path + " && chmod 0644 " + *path});
  found.push_back({"pam-module", Level::Good, "Installed: " + printable(*path, 255) + "."});
}

}  // namespace

Findings check_pam(const Machine &machine) {
  const Result<std::vector<std::string>> names = pam_services(machine);
  if (!names) return {unseen("pam-services", "/etc/pam.d", names.error())};
  std::vector<Service> services = services_of(machine, names.value());
  Findings found;
  std::set<std::string> troubles;
  for (const Service &service : services)
    if (uses_passkeys(service.stack))
      troubles.insert(service.stack.troubles.begin(), service.stack.troubles.end());
  std::erase_if(services, [](const Service &service) { return !uses_passkeys(service.stack); });
  for (const std::string &trouble : troubles)
    found.push_back(
        {"pam-file", Level::Warning, trouble + ".", "correct the file: libpam refuses what it cannot read"});
  const std::vector<std::string> asking = asking_services(services);
  if (asking.empty())
    found.push_back({"pam-services", Level::Note, "No PAM service asks for a passkey.",
                     "pam-auth-update --enable passkey"});
  else
    found.push_back({"pam-services", Level::Good, "Passkeys are asked for by: " + some_of(asking) + "."});
  check_module(machine, !services.empty(), found);
  judge(
      services, [](const Service &service) { return judge_service(service.name, service.stack); }, found);
  compare_with_polkit(machine, found);
  return found;
}

Findings check_removal(const Machine &machine) {
  const Result<std::vector<std::string>> names = pam_services(machine);
  // What cannot be looked at may be a door that would be shut.
  if (!names)
    return {{"pam-removal", Level::Bad, "Could not look at /etc/pam.d.", "", names.error().sentence}};
  Findings found;
  judge(
      services_of(machine, names.value()),
      [](const Service &service) { return judge_removal(service.stack); }, found);
  return found;
}

}  // namespace passkeyd::cli
