/// Hangup: what SIGHUP does. The configuration is read again (reload.h), and systemd is told when that begins
/// and when it is over.
#pragma once

#include <csignal>
#include <string>

#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// Passkeys are bound to the RP ID that the first of them was made for.
void warn_of_other_rp_id(const Config &config, const RpId &in_force);

/// To systemd, with what `systemctl status` shows to everybody.
void say_ready(const House &house);

class Hangup {
 public:
  /// SIGHUP is blocked. Both outlive it.
  Hangup(House &house, const std::string &config_directory)
      : house_(house), config_directory_(config_directory) {}

  /// From now on. Errors: Io.
  Status listen();
  /// Looks up the names that this machine goes by, as the configuration says now.
  void find_names();

 private:
  static int on_hangup(sd_event_source *, const signalfd_siginfo *, void *self);

  House &house_;
  const std::string &config_directory_;
  Task<void> naming_;
  EventSource source_;
};

}  // namespace passkeyd
