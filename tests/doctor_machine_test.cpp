/// Doctor before machines that tests made: all is well with a good one, and each thing that can break is
/// found, alone.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <set>

#include "cli/doctor/checks.h"
#include "cli/doctor/sshd_keys.h"
#include "tests/check.h"
#include "tests/private_machine.h"

using namespace passkeyd;
using namespace passkeyd::cli;
using namespace passkeyd::test;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kDaemon = 64990;
constexpr gid_t kTss = 64991;
const std::string kRoot = std::string(kScratch) + "/machine";
const std::string kSecurity = "/usr/lib/x86_64-linux-gnu/security/pam_passkey.so";

void put(const std::string &path, const std::string &text, mode_t mode = 0644, uid_t uid = 0, gid_t gid = 0) {
  fs::create_directories(fs::path(kRoot + path).parent_path());
  write_file(kRoot + path, text);
  CHECK(chown((kRoot + path).c_str(), uid, gid) == 0 && chmod((kRoot + path).c_str(), mode) == 0);
}

void remove(const std::string &path) {
  CHECK(fs::remove_all(kRoot + path) > 0);
}

/// Everything in its place, as on Debian with the profile switched on.
Machine good_machine() {
  fs::remove_all(kRoot);
  for (const char *path :
       {"/usr/lib/systemd/system/passkeyd.service", "/usr/share/dbus-1/system-services/org.passkeyd1.service",
        "/usr/share/dbus-1/system.d/org.passkeyd1.conf", "/usr/share/polkit-1/actions/org.passkeyd1.policy",
        "/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service",
        "/usr/lib/udev/rules.d/72-passkeyd.rules", "/etc/passkeyd/passkeyd.conf",
        "/etc/passkeyd/passkeyd.conf.d/mine.conf", "/usr/lib/x86_64-linux-gnu/libfido2.so.1.12.0",
        "/usr/lib/x86_64-linux-gnu/libtss2-esys.so.0.0.0"})
    put(path, "");
  put(kSecurity, "");
  for (const auto &[link, target] : {std::pair("libfido2.so.1", "libfido2.so.1.12.0"),
                                     std::pair("libtss2-esys.so.0", "libtss2-esys.so.0.0.0")})
    fs::create_symlink(target, kRoot + "/usr/lib/x86_64-linux-gnu/" + link);
  put("/sys/class/hidraw/hidraw0/device/report_descriptor", "\x06\xd0\xf1\x09\x01\xa1\x01");
  put("/sys/class/hidraw/hidraw1/device/report_descriptor", "\x05\x01\x09\x02\xa1\x01");
  put("/dev/hidraw0", "", 0660, 0, kDaemon);
  put("/dev/hidraw1", "", 0600);
  put("/dev/tpmrm0", "", 0660, kTss, kTss);
  put("/etc/pam.d/common-auth",
      "auth [success=2 default=ignore] pam_passkey.so\nauth [success=1 default=ignore] pam_unix.so nullok\n"
      "auth requisite pam_deny.so\nauth required pam_permit.so\n");
  put("/etc/pam.d/common-account",
      "account [perm_denied=die default=ignore] pam_passkey.so\naccount [success=1 default=ignore] "
      "pam_unix.so\n"
      "account requisite pam_deny.so\naccount required pam_permit.so\n");
  for (const char *service : {"sudo", "sshd", "login", "polkit-1"})
    put(std::string("/etc/pam.d/") + service, "@include common-auth\n@include common-account\n");
  put("/etc/pam.d/cron", "@include common-account\n");
  put("/etc/ssh/sshd_config", "# as Debian has it\nInclude /etc/ssh/sshd_config.d/*.conf\nUsePAM no\n");
  put("/etc/ssh/sshd_config.d/mine.conf", "UsePAM yes\nKbdInteractiveAuthentication yes\n");
  fs::create_directories(kRoot + "/var/lib/passkeyd");
  CHECK(chown((kRoot + "/var/lib/passkeyd").c_str(), kDaemon, kDaemon) == 0);
  CHECK(chmod((kRoot + "/var/lib/passkeyd").c_str(), 0700) == 0);
  Machine machine;
  machine.root = kRoot;
  machine.identity = [](const std::string &user) -> std::optional<Identity> {
    if (user != "passkeyd") return std::nullopt;
    return Identity{kDaemon, kDaemon, {kDaemon, kTss}};
  };
  machine.clock_is_kept = [] { return true; };
  return machine;
}

using Told = std::multiset<std::pair<std::string, Level>>;

/// All that is not well.
Told troubles(const Findings &findings) {
  Told told;
  for (const Finding &finding : findings)
    if (finding.level != Level::Good) told.emplace(finding.check, finding.level);
  return told;
}

std::string list(const Findings &findings) {
  std::string all;
  for (const Finding &finding : findings)
    if (finding.level != Level::Good)
      all += "\n  " + finding.check + " " + std::string(name_of(finding.level)) + ": " + finding.what;
  return all;
}

void all_is_well_with_a_good_machine() {
  const Findings found = check_machine(good_machine());
  if (!troubles(found).empty()) throw Failed("found:" + list(found));
  CHECK(found.size() > 10);
}

struct Broken {
  const char *how;
  void (*break_it)(Machine &machine);
  Told told;
};

const Broken kBroken[] = {
    {"no unit",
     [](Machine &) { remove("/usr/lib/systemd/system/passkeyd.service"); },
     {{"unit", Level::Bad}}},
    {"no activation",
     [](Machine &) { remove("/usr/share/dbus-1/system-services/org.passkeyd1.service"); },
     {{"bus-activation", Level::Bad}}},
    {"no bus policy", [](Machine &) { remove("/usr/share/dbus-1/system.d"); }, {{"bus-policy", Level::Bad}}},
    {"no polkit policy",
     [](Machine &) { remove("/usr/share/polkit-1"); },
     {{"polkit-policy", Level::Warning}}},
    {"no polkit",
     [](Machine &) { remove("/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service"); },
     {{"polkit", Level::Note}}},
    {"no user",
     [](Machine &machine) { machine.identity = [](const std::string &) { return std::nullopt; }; },
     {{"account", Level::Bad}}},
    {"no udev rule", [](Machine &) { remove("/usr/lib/udev"); }, {{"udev-rule", Level::Bad}}},
    {"key of others", [](Machine &) { put("/dev/hidraw0", "", 0660); }, {{"security-keys", Level::Bad}}},
    {"key without a node", [](Machine &) { remove("/dev/hidraw0"); }, {{"security-keys", Level::Warning}}},
    {"TPM of others",
     [](Machine &) { put("/dev/tpmrm0", "", 0600, kTss, kTss); },
     {{"tpm-device", Level::Bad}}},
    {"no resource manager",
     [](Machine &) { remove("/dev/tpmrm0"), put("/dev/tpm0", ""); },
     {{"tpm-device", Level::Warning}}},
    {"no TPM", [](Machine &) { remove("/dev/tpmrm0"); }, {{"tpm-device", Level::Note}}},
    {"no clock",
     [](Machine &machine) { machine.clock_is_kept = [] { return false; }; },
     {{"clock-sync", Level::Note}}},
    {"settings of a user",
     [](Machine &) { put("/etc/passkeyd/passkeyd.conf", "", 0644, 1000); },
     {{"settings", Level::Bad}}},
    {"settings for all to write",
     [](Machine &) { put("/etc/passkeyd/passkeyd.conf.d/mine.conf", "", 0666); },
     {{"settings", Level::Bad}}},
    {"settings nobody can read",
     [](Machine &) { put("/etc/passkeyd/passkeyd.conf", "", 0600); },
     {{"settings", Level::Bad}}},
    {"no state", [](Machine &) { remove("/var/lib/passkeyd"); }, {{"state", Level::Bad}}},
    {"state of root",
     [](Machine &) { CHECK(chown((kRoot + "/var/lib/passkeyd").c_str(), 0, 0) == 0); },
     {{"state", Level::Bad}}},
    {"state open to all",
     [](Machine &) { CHECK(chmod((kRoot + "/var/lib/passkeyd").c_str(), 0755) == 0); },
     {{"state", Level::Bad}}},
    {"no libfido2",
     [](Machine &) { remove("/usr/lib/x86_64-linux-gnu/libfido2.so.1"); },
     {{"library-libfido2", Level::Bad}}},
    {"no tss",
     [](Machine &) { remove("/usr/lib/x86_64-linux-gnu/libtss2-esys.so.0"); },
     {{"library-tpm2-tss", Level::Bad}}},
    {"no module", [](Machine &) { remove(kSecurity); }, {{"pam-module", Level::Bad}}},
    {"module of a user", [](Machine &) { put(kSecurity, "", 0644, 1000); }, {{"pam-module", Level::Bad}}},
    {"profile off",
     [](Machine &) {
       put("/etc/pam.d/common-auth", "auth required pam_unix.so\n"),
           put("/etc/pam.d/common-account", "account required pam_unix.so\n");
     },
     {{"pam-services", Level::Note}}},
    {"polkit that takes a password where sudo takes none",
     [](Machine &) {
       put("/etc/pam.d/sudo",
           "auth [success=ok default=die] pam_passkey.so\nauth required pam_unix.so\n@include "
           "common-account\n");
     },
     {{"pam-lockout", Level::Warning}, {"pam-polkit", Level::Warning}}},
    {"polkit that takes a password where sudo takes a passkey or a token",
     [](Machine &) {
       put("/etc/pam.d/sudo",
           "auth sufficient pam_passkey.so\nauth required pam_oath.so\n@include common-account\n");
     },
     {{"pam-polkit", Level::Warning}}},
    {"polkit that never heard of passkeys",
     [](Machine &) {
       put("/etc/pam.d/sudo",
           "auth sufficient pam_passkey.so\nauth required pam_oath.so\n@include common-account\n");
       put("/etc/pam.d/polkit-1", "auth required pam_unix.so\naccount required pam_unix.so\n");
     },
     {{"pam-polkit", Level::Warning}}},
    {"an include of nothing",
     [](Machine &) {
       put("/etc/pam.d/login", "@include common-auth\n@include nothing\n@include common-account\n");
     },
     {{"pam-file", Level::Warning}}},
    {"sshd without PAM",
     [](Machine &) { put("/etc/ssh/sshd_config.d/mine.conf", "UsePAM no\n"); },
     {{"sshd", Level::Warning}}},
    {"sshd without questions",
     [](Machine &) {
       put("/etc/ssh/sshd_config.d/mine.conf", "usepam yes\nChallengeResponseAuthentication no\n");
     },
     {{"sshd", Level::Note}}},
    {"sshd with keys only",
     [](Machine &) {
       put("/etc/ssh/sshd_config.d/mine.conf", "UsePAM yes\nAuthenticationMethods publickey\n");
     },
     {{"sshd", Level::Note}}},
    {"sshd without account line",
     [](Machine &) { put("/etc/pam.d/sshd", "@include common-auth\naccount required pam_unix.so\n"); },
     {{"pam-account", Level::Note}, {"sshd", Level::Note}}},
};

void each_thing_that_is_broken_is_found_and_nothing_else() {
  for (const Broken &each : kBroken) {
    Machine machine = good_machine();
    each.break_it(machine);
    const Findings found = check_machine(machine);
    if (troubles(found) != each.told) throw Failed(std::string(each.how) + ", found:" + list(found));
  }
}

void whatever_is_wrong_comes_with_what_to_do() {
  for (const Broken &each : kBroken) {
    Machine machine = good_machine();
    each.break_it(machine);
    for (const Finding &finding : check_machine(machine)) {
      CHECK(!finding.what.empty());
      if (finding.level == Level::Bad || finding.level == Level::Warning) CHECK(!finding.advice.empty());
    }
  }
}

void a_match_block_of_sshd_is_not_taken_for_everybodys() {
  const Machine machine = good_machine();
  put("/etc/ssh/sshd_config.d/mine.conf",
      "UsePAM yes\nMatch User git\nUsePAM no\nAuthenticationMethods publickey\n");
  CHECK(troubles(check_sshd(machine)).empty());
}

// --- sshd and the ledger's SSH keys
// -----------------------------------------------------------------------------------

constexpr const char *kCommand = "/usr/libexec/passkeyd/passkey-authorized-keys";
const SshKeyFacts kKeys{.active = 2, .last_refused = 1000};

void set_sshd(const std::string &more) {
  put("/etc/ssh/sshd_config.d/mine.conf",
      more + "UsePAM yes\nAuthorizedKeysCommand " + kCommand +
          " %u %t %k\nAuthorizedKeysCommandUser passkeyd-ssh\nAuthorizedKeysFile none\nRevokedKeys "
          "/etc/ssh/Revoked\n");
}

/// With everything that share/passkeyd/sshd.conf asks for.
Machine machine_with_ssh_keys() {
  Machine machine = good_machine();
  machine.identity = [](const std::string &user) -> std::optional<Identity> {
    if (user == "root") return Identity{};
    if (user == "passkeyd-ssh") return Identity{64992, 64992};
    return user == "nobody" ? std::optional(Identity{65534, 65534}) : std::nullopt;
  };
  set_sshd("");
  put(kCommand, "", 0755);
  put("/etc/ssh/Revoked", "");
  put("/etc/pam.d/sshd", "@include common-auth\n@include common-account\nsession required pam_passkey.so\n");
  return machine;
}

const Broken kBrokenKeys[] = {
    {"no command", [](Machine &) { remove(kCommand); }, {{"ssh-keys-command", Level::Bad}}},
    {"a command of others",
     [](Machine &) { put(kCommand, "", 0755, 1000); },
     {{"ssh-keys-command", Level::Bad}}},
    {"a command that a group may change",
     [](Machine &) { put(kCommand, "", 0775); },
     {{"ssh-keys-command", Level::Bad}}},
    {"a folder that others may change",
     [](Machine &) { CHECK(chmod((kRoot + "/usr/libexec").c_str(), 0777) == 0); },
     {{"ssh-keys-command", Level::Bad}}},
    {"asks as root",
     [](Machine &) { set_sshd("AuthorizedKeysCommandUser root\n"); },
     {{"ssh-keys-user", Level::Warning}}},
    {"asks as somebody who is told nothing",
     [](Machine &) { set_sshd("AuthorizedKeysCommandUser nobody\n"); },
     {{"ssh-keys-user", Level::Bad}}},
    {"asks as nobody there is",
     [](Machine &machine) { machine.identity = [](const std::string &) { return std::nullopt; }; },
     {{"ssh-keys-user", Level::Bad}}},
    {"files of people's own",
     [](Machine &) { set_sshd("AuthorizedKeysFile .ssh/Authorized\n"); },
     {{"ssh-keys-file", Level::Note}}},
    {"no keys at all",
     [](Machine &) { set_sshd("PubkeyAuthentication no\n"); },
     {{"ssh-keys", Level::Warning}}},
    {"no PAM", [](Machine &) { set_sshd("UsePAM no\n"); }, {{"ssh-session", Level::Warning}}},
    {"no session line",
     [](Machine &) { put("/etc/pam.d/sshd", "@include common-auth\n@include common-account\n"); },
     {{"ssh-session", Level::Note}}},
    {"a list that is not there",
     [](Machine &) { remove("/etc/ssh/Revoked"); },
     {{"ssh-revoked-keys", Level::Bad}}},
    {"a list from before the last revocation",
     [](Machine &) {
       const timespec times[] = {{999, 0}, {999, 0}};
       CHECK(utimensat(AT_FDCWD, (kRoot + "/etc/ssh/Revoked").c_str(), times, 0) == 0);
     },
     {{"ssh-revoked-keys", Level::Warning}}},
};

void a_sshd_that_asks_the_service_for_keys_is_looked_at() {
  const Findings good = check_ssh_keys(machine_with_ssh_keys(), kKeys);
  CHECK(good.size() == 1 && good[0].level == Level::Good);
  for (const Broken &each : kBrokenKeys) {
    Machine machine = machine_with_ssh_keys();
    each.break_it(machine);
    const Findings found = check_ssh_keys(machine, kKeys);
    if (troubles(found) != each.told) throw Failed(std::string(each.how) + ", found:" + list(found));
    for (const Finding &finding : found) CHECK(!finding.what.empty() && !finding.advice.empty());
  }
}

void where_nobody_has_ssh_keys_nothing_is_said_of_them() {
  const Machine machine = good_machine();
  CHECK(check_ssh_keys(machine, std::nullopt).empty() && check_ssh_keys(machine, SshKeyFacts{}).empty());
  CHECK((troubles(check_ssh_keys(machine, kKeys)) == Told{{"ssh-keys", Level::Note}}));
  remove("/etc/ssh");
  CHECK(check_ssh_keys(machine, kKeys).empty());
}

void sshd_itself_is_believed_before_its_files() {
  Machine machine = machine_with_ssh_keys();
  machine.sshd_settings = []() -> Result<std::string> {
    return std::string("usepam yes\nauthorizedkeyscommand none\nrevokedkeys none\n");
  };
  CHECK(check_ssh_keys(machine, std::nullopt).empty());
  machine.sshd_settings = []() -> Result<std::string> { return Error{ErrorKind::Timeout, "asleep"}; };
  CHECK(check_ssh_keys(machine, kKeys).size() == 1);
}

void a_service_that_another_one_includes_is_still_one() {
  const Machine machine = good_machine();
  put("/etc/pam.d/su", "@include common-auth\n@include common-account\n");
  put("/etc/pam.d/su-l", "auth include su\naccount include su\n");
  for (const Finding &finding : check_pam(machine))
    if (finding.check == "pam-services")
      CHECK(finding.what == "Passkeys are asked for by: sudo, su, login, polkit-1, sshd, su-l.");
}

void what_may_not_be_read_is_said_and_stops_nothing() {
  const Machine machine = good_machine();
  CHECK(chmod((kRoot + "/etc/pam.d").c_str(), 0700) == 0 &&
        chmod((kRoot + "/etc/ssh/sshd_config").c_str(), 0600) == 0);
  CHECK(seteuid(65534) == 0);
  const Findings found = check_machine(machine);
  CHECK(seteuid(0) == 0);
  const Told told = troubles(found);
  CHECK(told.contains({"pam-services", Level::Note}) && told.contains({"sshd", Level::Note}));
  CHECK(found.size() > 10);
}

void hostile_files_end_nothing() {
  const Machine machine = good_machine();
  put("/etc/pam.d/loop",
      "@include loop\nauth include loop\nauth required pam_passkey.so\nauth substack loop\n");
  put("/etc/pam.d/noise",
      std::string(100000, '[') + "\\\n\\\n\\" + std::string(1, '\0') + "\nauth [x pam_passkey.so\n\\");
  put("/etc/pam.d/large", std::string(Machine::kMaxFile + 1, 'a'));
  CHECK(mkfifo((kRoot + "/etc/pam.d/pipe").c_str(), 0644) == 0);
  put("/etc/ssh/sshd_config.d/mine.conf", "Include /etc/ssh/sshd_config\nInclude\nInclude /\nUsePAM");
  CHECK(check_machine(machine).size() > 10);
}

void it_takes_less_than_a_second() {
  const Machine machine = good_machine();
  for (int at = 0; at < 200; ++at)
    put("/etc/pam.d/service" + std::to_string(at), "@include common-auth\n@include common-account\n");
  const auto begin = std::chrono::steady_clock::now();
  check_machine(machine);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
}

}  // namespace

int main() {
  enter_private_machine();
  if (!can_change_user()) {
    std::fprintf(stderr, "needs root: files of several users\n");
    return 99;
  }
  const CMUnitTest tests[] = {
      TEST(all_is_well_with_a_good_machine),
      TEST(each_thing_that_is_broken_is_found_and_nothing_else),
      TEST(whatever_is_wrong_comes_with_what_to_do),
      TEST(a_match_block_of_sshd_is_not_taken_for_everybodys),
      TEST(a_sshd_that_asks_the_service_for_keys_is_looked_at),
      TEST(where_nobody_has_ssh_keys_nothing_is_said_of_them),
      TEST(sshd_itself_is_believed_before_its_files),
      TEST(a_service_that_another_one_includes_is_still_one),
      TEST(what_may_not_be_read_is_said_and_stops_nothing),
      TEST(hostile_files_end_nothing),
      TEST(it_takes_less_than_a_second),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
