/// What must be installed for the daemon to be found, started, and asked.
#include "cli/doctor/checks.h"

namespace passkeyd::cli {
namespace {

struct Wanted {
  const char *check;
  std::vector<std::string> paths;  ///< any of them
  Level otherwise;
  const char *missing;
  const char *advice;
};

constexpr const char *kInstallAgain = "Install passkeyd again (or, from source: meson install -C build).";

std::vector<Wanted> wanted_files() {
  return {
      {"unit",
       {"/etc/systemd/system/passkeyd.service", "/usr/lib/systemd/system/passkeyd.service",
        "/lib/systemd/system/passkeyd.service"},
       Level::Bad,
       "The unit passkeyd.service is not installed: nothing starts the service.",
       kInstallAgain},
      {"bus-activation",
       {"/usr/share/dbus-1/system-services/org.passkeyd1.service",
        "/usr/local/share/dbus-1/system-services/org.passkeyd1.service"},
       Level::Bad,
       "The bus does not know how to start the service (org.passkeyd1.service).",
       kInstallAgain},
      {"bus-policy",
       {"/etc/dbus-1/system.d/org.passkeyd1.conf", "/usr/share/dbus-1/system.d/org.passkeyd1.conf"},
       Level::Bad,
       "The bus has no policy for the service (org.passkeyd1.conf): it can neither take its name nor be "
       "called.",
       kInstallAgain},
      {"polkit-policy",
       {"/usr/share/polkit-1/actions/org.passkeyd1.policy",
        "/usr/local/share/polkit-1/actions/org.passkeyd1.policy",
        "/etc/polkit-1/actions/org.passkeyd1.policy"},
       Level::Warning,
       "polkit does not know the actions of passkeyd: only root can enroll, revoke or lock.",
       kInstallAgain},
      {"polkit",
       {"/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service",
        "/usr/lib/systemd/system/polkit.service", "/lib/systemd/system/polkit.service"},
       Level::Note,
       "polkit is not installed: only root can enroll, revoke or lock, and nobody is asked to prove who they "
       "are.",
       "If people shall look after their own passkeys: apt install polkitd"},
  };
}

}  // namespace

Findings check_service_files(const Machine &machine) {
  Findings found;
  for (const Wanted &wanted : wanted_files()) {
    if (const auto path = machine.first_of(wanted.paths))
      found.push_back({wanted.check, Level::Good, "Installed: " + *path + "."});
    else
      found.push_back({wanted.check, wanted.otherwise, wanted.missing, wanted.advice});
  }
  if (!machine.identity("passkeyd"))
    found.push_back({"account", Level::Bad, "There is no user passkeyd for the service to run as.",
                     "systemd-sysusers, then: systemctl restart passkeyd"});
  else
    found.push_back({"account", Level::Good, "The user passkeyd is there."});
  return found;
}

}  // namespace passkeyd::cli
