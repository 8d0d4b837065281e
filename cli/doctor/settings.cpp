/// Who may change what holds, and who may read what must stay with the daemon.
#include <sys/stat.h>

#include "cli/doctor/checks.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

constexpr const char *kFolder = "/etc/passkeyd";
constexpr const char *kState = "/var/lib/passkeyd";

bool is_roots_alone(const FileFacts &facts) {
  return facts.uid == 0 && (facts.mode & S_IWOTH) == 0 && ((facts.mode & S_IWGRP) == 0 || facts.gid == 0);
}

/// Every file of settings, and the folders they are in.
Result<std::vector<std::string>> settings_files(const Machine &machine) {
  std::vector<std::string> paths = {kFolder};
  for (const std::string &folder : {std::string(kFolder), std::string(kFolder) + "/passkeyd.conf.d"}) {
    const Result<std::vector<std::string>> names = machine.list(folder);
    if (!names && names.error().kind == ErrorKind::NotFound) continue;
    if (!names) return names.error();
    for (const std::string &name : names.value()) paths.push_back(folder + "/" + name);
  }
  return paths;
}

void check_configuration(const Machine &machine, Findings &found) {
  const Result<std::vector<std::string>> paths = settings_files(machine);
  if (!paths) return found.push_back(unseen("settings", kFolder, paths.error()));
  const std::optional<Identity> daemon = machine.identity("passkeyd");
  bool good = true;
  for (const std::string &path : paths.value()) {
    const Result<FileFacts> facts = machine.look(path);
    if (!facts) continue;  // the folder need not be there
    const std::string shown = printable(path, 255);
    const bool roots = is_roots_alone(facts.value());
    const bool readable = !daemon || may_read(*daemon, facts.value());
    if (!roots)
      found.push_back({"settings", Level::Bad, shown + " can be changed by others than root.",
                       "chown root:root " + shown + " && chmod go-w " + shown});
    if (!readable)
      found.push_back(
          {"settings", Level::Bad, "The service may not read " + shown + ".", "chmod a+r " + shown});
    good = good && roots && readable;
  }
  if (good)
    found.push_back({"settings", Level::Good, "The configuration is root's, and the service can read it."});
}

void check_state(const Machine &machine, Findings &found) {
  const Result<FileFacts> facts = machine.look(kState);
  const std::optional<Identity> daemon = machine.identity("passkeyd");
  const std::string mend = std::string("chown passkeyd:passkeyd ") + kState + " && chmod 0700 " + kState;
  if (!facts && facts.error().kind == ErrorKind::NotFound)
    found.push_back({"state", Level::Bad,
                     std::string(kState) + " is not there: the service has nowhere to keep passkeys.",
                     "systemd-tmpfiles --create, then: systemctl restart passkeyd"});
  else if (!facts)
    found.push_back(unseen("state", kState, facts.error()));
  else if (!S_ISDIR(facts->mode) || (daemon && facts->uid != daemon->uid))
    found.push_back({"state", Level::Bad, std::string(kState) + " does not belong to the service.", mend});
  else if ((facts->mode & 077) != 0)
    found.push_back(
        {"state", Level::Bad, "Others than the service can reach into " + std::string(kState) + ".", mend});
  else
    found.push_back({"state", Level::Good, std::string(kState) + " is the service's alone."});
}

}  // namespace

Findings check_settings(const Machine &machine) {
  Findings found;
  check_configuration(machine, found);
  check_state(machine, found);
  return found;
}

}  // namespace passkeyd::cli
