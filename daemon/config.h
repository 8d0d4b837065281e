/// Config: /etc/passkeyd/passkeyd.conf and its passkeyd.conf.d, read with libeconf into a checked value. All
/// files together are taken whole or not at all.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/way.h"
#include "daemon/model_names.h"
#include "ledger/limit.h"
#include "webauthn/challenge.h"
#include "webauthn/credential.h"

namespace passkeyd {

/// When a backup code is asked for.
enum class BackupCodes {
  Never,
  AfterPasskey,  ///< once a passkey that was there did not do
  Always,        ///< also where no passkey is at hand
};

/// What a security key must say for itself at enrollment.
enum class AttestationRule {
  Required,  ///< certificates that lead to somebody who is trusted
  Optional,  ///< whatever it says; that is kept
};

/// What holds for one PAM service: the keys of the general part, overridden by those of [service NAME].
struct Policy {
  UserVerification user_verification = UserVerification::Preferred;  ///< user_verification
  std::vector<Way> ways = {Way::Usb, Way::Tpm, Way::Ssh};            ///< ways, in the order they are tried
  BackupCodes backup_codes = BackupCodes::AfterPasskey;              ///< backup_codes
  std::chrono::seconds touch_timeout{30};                            ///< touch_timeout, 5 to 60
  int min_key_retries = 2;                                           ///< min_key_retries, 1 to 7
  std::vector<Aaguid> accepted_aaguids;  ///< accepted_aaguids; empty: any model of security key
  bool askpass = true;  ///< askpass: passkeys where the person is may be asked, if the host has that
};

/// One line of `passkeyctl policy`.
struct PolicyLine {
  std::string key;
  std::string value;   ///< as it would be written in the file
  std::string source;  ///< "FILE:LINE", or "default"
};

struct Config {
  std::optional<RpId>
      rp_id;  ///< rp_id: only read at the very first start; afterwards the ledger's word counts
  std::vector<std::string> accepted_names;            ///< accepted_names; empty: own_names
  std::vector<std::string> own_names;                 ///< what this machine calls itself (daemon/own_names.h)
  std::string tcti = "device:/dev/tpmrm0";            ///< tcti, see tpm/line.h
  std::string tpm_roots = "/etc/passkeyd/tpm-roots";  ///< tpm_roots: a directory, see daemon/roots.h
  LimitRule limits =
      kPinTries;  ///< tries_in_a_row, first_wait, longest_wait, tries_per_day: the same for every service
  AttestationRule attestation = AttestationRule::Optional;            ///< attestation
  std::string attestation_roots = "/etc/passkeyd/attestation-roots";  ///< attestation_roots, a directory
  std::string metadata_root =
      "/usr/share/ca-certificates/mozilla/GlobalSign_Root_CA_-_R3.crt";  ///< metadata_root, a file
  std::vector<Bytes> trusted_roots;                                      ///< what is in attestation_roots
  std::vector<Bytes> trusted_tpms;                                       ///< what is in tpm_roots
  std::vector<Bytes> metadata_signers;  ///< what is in metadata_root; none if the default is not there
  ModelNames own_model_names;           ///< the administrator's, in the file aaguids beside passkeyd.conf
  ModelNames shipped_model_names;
  std::chrono::days audit_retention{400};  ///< audit_retention; 0: for ever
  Policy general;
  std::map<std::string, Policy, std::less<>>
      services;  ///< by PAM service; each already holds what it does not override

  /// Names by which SSH clients may know this machine.
  [[nodiscard]] const std::vector<std::string> &names() const {
    return accepted_names.empty() ? own_names : accepted_names;
  }
  [[nodiscard]] const Policy &policy_for(std::string_view service) const;
  /// Every key with its value for `service` (empty: for services without a section) and where it was set.
  [[nodiscard]] std::vector<PolicyLine> describe(std::string_view service) const;

  /// Where keys were set: by section ("" or a service) and key, "FILE:LINE". Not there: the default.
  std::map<std::pair<std::string, std::string>, std::string> sources;
};

/// Where a distribution's own configuration would be, below the administrator's.
inline constexpr const char *kVendorDirectory = "/usr/lib/passkeyd";

/// Reads `directory`/passkeyd.conf or, where there is none, `vendor`/passkeyd.conf, and then the
/// passkeyd.conf.d/*.conf of both, later files overriding earlier ones (daemon/config_files.h has the order).
/// No file at all is the default configuration. Errors: NotConfigured, with file, line and reason, for an
/// unknown key or section, a key that a section cannot have, a key given twice, a bad value, and what does
/// not parse or cannot be read; and for certificates to be trusted that cannot be read (daemon/roots.h).
Result<Config> load_config(const std::string &directory, const std::string &vendor = kVendorDirectory);

}  // namespace passkeyd
