/// The table of words, by check and level.
#include "cli/doctor/health_words.h"

#include <algorithm>
#include <string_view>

namespace passkeyd::cli {
namespace {

struct Row {
  std::string_view check;
  const char *good;     ///< what it means if all is well
  const char *trouble;  ///< what it means if not
  const char *advice;
  bool notes_too = true;  ///< words and advice fit a mere note as well; otherwise that is told by its detail
};

constexpr Row kRows[] = {
    {"tpm-present", "The service reaches a TPM.",
     "The service reaches no TPM: passkeys can only be on security keys.",
     "If there is one: see that it is switched on in the firmware's settings, and what tcti says in "
     "passkeyd.conf(5)."},
    {"tpm-software", "The TPM is a chip.",
     "The TPM is a program: who has this machine's files has its passkeys.",
     "On a virtual machine that is as good as its host; else use security keys."},
    {"tpm-lockout-auth", "The TPM's lockout authorisation is set.",
     "The TPM's lockout authorisation is not set: who is root, or starts this machine from a stick, can try "
     "PINs without end.",
     "tpm2_changeauth -c lockout, and keep what you set in a safe place (passkeyctl(1), TPM)."},
    {"tpm-counter", "The TPM counts no wrong PINs to speak of.",
     "The TPM has counted many wrong PINs, and locks, or has locked, for all of its keys.",
     "Wait: it forgives one after the other by itself. Then find out who typed them: passkeyctl audit "
     "--since -2d"},
    {"tpm-parameters", "The TPM locks after a sensible number of wrong PINs.",
     "The TPM's limits for wrong PINs are unusual.",
     "tpm2_dictionarylockout --setup-parameters --max-tries=32 --recovery-time=600 "
     "--lockout-recovery-time=86400"},
    {"tpm-srk", "The TPM's storage key is there, and the one that passkeys were made under.",
     "The TPM's storage key is missing, or not the one that passkeys were made under.",
     "If it says \"changed\": the TPM was cleared, and its passkeys are gone; let people enroll again.",
     false},
    {"tpm-owner-auth", "The TPM's owner authorisation is as passkeyd needs it.",
     "The TPM's owner authorisation is set: passkeyd cannot make the storage key.",
     "Make it yourself: tpm2_createprimary -C o and tpm2_evictcontrol at 0x81000001 (passkeyctl(1), TPM).",
     false},
    {"tpm-credentials", "The passkeys in this TPM can be used.",
     "Passkeys are enrolled that this TPM cannot use.",
     "They were made by another TPM, or before it was cleared. Revoke them, and let their owners enroll "
     "again."},
    {"ledger-chain", "The audit is whole.", "The audit is broken: a record was altered, or is missing.",
     "passkeyctl audit --verify says where. Compare with the journal: journalctl -t passkeyd -o json"},
    {"ledger-integrity", "The ledger is sound.", "The ledger is damaged.",
     "Stop the service, keep a copy of /var/lib/passkeyd, and bring it back from a backup or an export."},
    {"ledger-disk", "There is room for the ledger.",
     "There is hardly any room left for the ledger: soon nobody can sign in with a passkey.",
     "Make room where /var/lib/passkeyd is."},
    {"config", "The configuration is in force.",
     "The configuration could not be read: the one before it is in force.",
     "Correct the file and the line that the detail names, then: systemctl reload passkeyd"},
    {"clock", "The clock agrees with the ledger.",
     "The clock was set back: it is before the latest record of the audit.",
     "Set the clock right: timedatectl set-ntp true"},
    {"metadata", "The FIDO Metadata is up to date.",
     "There is no FIDO Metadata, or it is out of date: recalled models are not recognized.",
     "Fetch https://mds3.fidoalliance.org/ and: passkeyctl metadata import FILE"},
    {"rp-id", "The relying party ID is the configured one.",
     "rp_id in the configuration is not the one passkeys are made for, and has no effect.",
     "Take rp_id out of passkeyd.conf: it is fixed when the service first starts."},
    {"version", "", "The service runs another version than the one that is installed.",
     "systemctl restart passkeyd"},
    {"ceremonies", "No process of the service is stuck.",
     "Processes of the service that talk to a device are stuck.",
     "Unplug the security key; then: systemctl restart passkeyd"},
    {"landlock", "Processes of the service that talk to a device can shut all files away.",
     "Processes of the service cannot shut files away with Landlock: one wall less around them.",
     "See /sys/kernel/security/lsm. Where it does not name landlock: add it to lsm= on the kernel's command "
     "line (/etc/default/grub, update-grub), or take lsm= out, and reboot."},
};

}  // namespace

Finding in_words(const HealthFinding &finding) {
  const auto *row = std::find_if(std::begin(kRows), std::end(kRows),
                                 [&](const Row &each) { return each.check == finding.check; });
  Finding told{finding.check, finding.level, finding.detail, "", finding.detail, finding.numbers};
  if (row == std::end(kRows)) {
    if (told.what.empty()) told.what = finding.check + ".";
    told.detail.clear();
    return told;
  }
  const bool good = finding.level == Level::Good;
  if (finding.level == Level::Note && !row->notes_too) {
    told.detail.clear();
    return told;
  }
  const char *words = good ? row->good : row->trouble;
  if (*words != '\0') told.what = words;
  if (!good) told.advice = row->advice;
  return told;
}

}  // namespace passkeyd::cli
