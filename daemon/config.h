/// Config: /etc/passkeyd/passkeyd.conf and its passkeyd.conf.d, read with libeconf into a checked value. A
/// file is taken whole or not at all.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/handle.h"
#include "common/result.h"
#include "common/way.h"
#include "webauthn/challenge.h"

namespace passkeyd {

struct Config {
  std::optional<RpId>
      rp_id;  ///< rp_id: only read at the very first start; afterwards the ledger's word counts
  UserVerification user_verification = UserVerification::Preferred;  ///< user_verification
  std::vector<Way> ways = {Way::Usb, Way::Tpm};                      ///< ways, in the order they are tried
  std::chrono::seconds touch_timeout{30};                            ///< touch_timeout, 5 to 60
  int min_key_retries = 2;                                           ///< min_key_retries, 1 to 7
  std::string tcti = "device:/dev/tpmrm0";                           ///< tcti, see tpm/line.h
};

/// Reads /usr/lib/passkeyd/passkeyd.conf or, in its place, `directory`/passkeyd.conf and
/// `directory`/passkeyd.conf.d/*.conf, later files overriding earlier ones. No file at all is the default
/// configuration. Errors: NotConfigured, with file, line and reason, for an unknown key or section, a bad
/// value, and what does not parse.
Result<Config> load_config(const std::string &directory);

}  // namespace passkeyd
