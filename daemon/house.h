/// House: what every story may use. One of each, made in main, living as long as the daemon.
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include <map>

#include "common/clock.h"
#include "daemon/audit_news.h"
#include "daemon/ceremonies.h"
#include "daemon/config.h"
#include "daemon/departures.h"
#include "daemon/first_codes.h"
#include "daemon/open_questions.h"
#include "daemon/refusals.h"
#include "daemon/reload.h"
#include "ledger/ledger.h"

namespace passkeyd {

struct House {
  sd_event *loop;
  sd_bus *bus;
  Config config;
  RpId rp_id;  ///< the ledger's, whatever the configuration says by now
  Ledger ledger;
  Ceremonies ceremonies;
  const Clock &clock;
  std::string boot_id;
  std::uint64_t tpm_tries = 0;  ///< PINs that were sent to the TPM since the start
  std::string config_state =
      kConfigLoaded;                 ///< or why the last reload was refused; then the one before is in force
  std::size_t attempts = 0;          ///< Attempt objects on the bus now
  OpenQuestions questions = {};      ///< that polkit was asked
  Departures departures = {};        ///< of callers, who take back by going what they asked for
  Refusals refusals = {};            ///< that were put on record lately
  AuditNews audit_news = {};         ///< told of every record
  FirstCodes first_codes = {};       ///< that were promised at an enrollment
  std::string state_directory = {};  ///< where the ledger is
  std::size_t transfers = 0;         ///< exports and imports under way
  std::optional<uid_t> sshds_user = {};  ///< as whom sshd asks for keys; nullopt: there is no such user

  /// When somebody last signed in by a credential (its row), since the start.
  std::map<std::int64_t, BootTime> last_successes = {};

  /// Answers of a passkey-askpass that were refused and put on record lately.
  Refusals refused_answers = {};

  [[nodiscard]] Moment moment() const { return {clock.wall(), clock.boot(), boot_id}; }
};

}  // namespace passkeyd
