/// Housekeeping: what is done for the ledger when the daemon starts, once an hour, and when it ends. Waits
/// are measured in running time that the ledger has seen (ledger/moment.h), and old records go.
#pragma once

#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// Has the ledger see what time it is. A failure is logged.
void note_time(House &house);

class Housekeeping {
 public:
  /// `house` outlives it.
  explicit Housekeeping(House &house) : house_(house) {}

  /// From now on, each hour. Errors: Io.
  Status begin();
  /// Lets old records go, unless that is under way.
  void prune();

 private:
  static int on_hour(sd_event_source *source, std::uint64_t, void *self);

  House &house_;
  Task<void> pruning_;
  EventSource timer_;
};

}  // namespace passkeyd
