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

/// What holds for one PAM service: the keys of the general part, overridden by those of [service NAME].
struct Policy {
  UserVerification user_verification = UserVerification::Preferred;  ///< user_verification
  std::vector<Way> ways = {Way::Usb, Way::Tpm};                      ///< ways, in the order they are tried
  BackupCodes backup_codes = BackupCodes::AfterPasskey;              ///< backup_codes
  std::chrono::seconds touch_timeout{30};                            ///< touch_timeout, 5 to 60
  int min_key_retries = 2;                                           ///< min_key_retries, 1 to 7
  std::vector<Aaguid> accepted_aaguids;  ///< accepted_aaguids; empty: any model of security key
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
  std::string tcti = "device:/dev/tpmrm0";  ///< tcti, see tpm/line.h
  LimitRule limits =
      kPinTries;  ///< tries_in_a_row, first_wait, longest_wait, tries_per_day: the same for every service
  std::chrono::days audit_retention{400};  ///< audit_retention; 0: for ever
  Policy general;
  std::map<std::string, Policy, std::less<>>
      services;  ///< by PAM service; each already holds what it does not override

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
/// not parse or cannot be read.
Result<Config> load_config(const std::string &directory, const std::string &vendor = kVendorDirectory);

}  // namespace passkeyd
