/// The table of checks.
#include "cli/doctor/checks.h"

#include "client/printable.h"

namespace passkeyd::cli {
namespace {

constexpr Findings (*kChecks[])(const Machine &) = {
    check_service_files, check_devices, check_pam, check_sshd, check_clock, check_settings, check_libraries,
};

}  // namespace

Findings check_machine(const Machine &machine) {
  Findings all;
  for (const auto check : kChecks)
    for (Finding &finding : check(machine)) all.push_back(std::move(finding));
  return all;
}

Finding unseen(const char *check, const std::string &what, const Error &why) {
  const bool allowed = why.kind != ErrorKind::NotAllowed;
  return {check, Level::Note, "Could not look at " + printable(what, 512) + ".",
          allowed ? "" : "Look as root: sudo passkeyctl doctor", printable(why.sentence, 512)};
}

}  // namespace passkeyd::cli
