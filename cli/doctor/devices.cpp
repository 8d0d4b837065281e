/// May the daemon open security keys and the TPM?
#include <string_view>

#include "cli/doctor/checks.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

constexpr const char *kRule = "72-passkeyd.rules";
constexpr const char *kPlugAgain =
    "udevadm control --reload && udevadm trigger --subsystem-match=hidraw, or plug the key in again.";

/// Usage page 0xF1D0 as a HID report descriptor has it (HID 1.11, 6.2.2.7: a two-byte global item).
bool is_security_key(const Machine &machine, const std::string &node) {
  const Result<std::string> descriptor =
      machine.read("/sys/class/hidraw/" + node + "/device/report_descriptor");
  return descriptor && descriptor->find("\x06\xd0\xf1") != std::string::npos;
}

void check_rule(const Machine &machine, Findings &found) {
  const std::string rule = kRule;
  const auto path = machine.first_of({"/etc/udev/rules.d/" + rule, "/run/udev/rules.d/" + rule,
                                      "/usr/lib/udev/rules.d/" + rule, "/lib/udev/rules.d/" + rule});
  if (path)
    found.push_back({"udev-rule", Level::Good, "Installed: " + *path + "."});
  else
    found.push_back({"udev-rule", Level::Bad,
                     "The udev rule for security keys is not installed: the service cannot open any.",
                     "Install passkeyd again, then: udevadm control --reload && udevadm trigger"});
}

void check_keys(const Machine &machine, const Identity &daemon, Findings &found) {
  const Result<std::vector<std::string>> nodes = machine.list("/sys/class/hidraw");
  if (!nodes && nodes.error().kind != ErrorKind::NotFound)
    return found.push_back(unseen("security-keys", "/sys/class/hidraw", nodes.error()));
  std::int64_t count = 0;
  for (const std::string &node : nodes ? nodes.value() : std::vector<std::string>()) {
    if (!is_security_key(machine, node)) continue;
    ++count;
    const std::string path = printable("/dev/" + node, 255);
    const Result<FileFacts> facts = machine.look(path);
    if (!facts)
      found.push_back({"security-keys", Level::Warning,
                       "A security key is plugged in, but " + path + " is not there.", kPlugAgain,
                       printable(facts.error().sentence, 512)});
    else if (!may_read_and_write(daemon, facts.value()))
      found.push_back({"security-keys", Level::Bad,
                       "The service may not open the security key at " + path + ".", kPlugAgain});
  }
  found.push_back({"security-keys",
                   Level::Good,
                   count == 0 ? "No security key is plugged in now."
                              : "Security keys plugged in: " + std::to_string(count) + ".",
                   "",
                   "",
                   {{"count", count}}});
}

void check_chip(const Machine &machine, const Identity &daemon, Findings &found) {
  const Result<FileFacts> facts = machine.look("/dev/tpmrm0");
  if (facts && may_read_and_write(daemon, facts.value()))
    return found.push_back({"tpm-device", Level::Good, "The service may use the TPM at /dev/tpmrm0."});
  if (facts)
    return found.push_back(
        {"tpm-device", Level::Bad, "The service may not use the TPM at /dev/tpmrm0.",
         "usermod --append --groups tss passkeyd, see that the device belongs to the group tss "
         "(package tpm-udev), then: systemctl restart passkeyd"});
  if (machine.has("/dev/tpm0") || machine.has("/sys/class/tpm/tpm0"))
    return found.push_back({"tpm-device", Level::Warning,
                            "There is a TPM, but no /dev/tpmrm0 to share it through.",
                            "It is an old TPM 1.2, or the kernel lacks the TPM 2.0 resource manager."});
  found.push_back({"tpm-device", Level::Note,
                   "The kernel shows no TPM: without one, passkeys can only be on security keys.",
                   "Many machines have one that is switched off: look into the firmware's settings."});
}

}  // namespace

Findings check_devices(const Machine &machine) {
  Findings found;
  check_rule(machine, found);
  const std::optional<Identity> daemon = machine.identity("passkeyd");
  if (!daemon) return found;  // said by check_service_files
  check_keys(machine, *daemon, found);
  check_chip(machine, *daemon, found);
  return found;
}

}  // namespace passkeyd::cli
