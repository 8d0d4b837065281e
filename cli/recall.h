/// Recall: revoking everybody's passkeys of a model that turned out bad, or from before a date.
#pragma once

#include <string>

#include "cli/exit_code.h"

namespace CLI {
class App;
}

namespace passkeyd::cli {

struct RecallOptions {
  std::string model;
  std::string enrolled_before;
  bool dry_run = false;
  [[nodiscard]] bool given() const { return !model.empty() || !enrolled_before.empty(); }
};

/// Adds --authenticator, --enrolled-before and --dry-run, checked when they are parsed; `options` must live
/// as long as `command`.
void add_recall_options(CLI::App &command, RecallOptions &options);

/// What a recall shares with other revocations.
struct RecallOrder {
  RecallOptions which;
  std::string reason;
  bool yes = false;
  bool end_sessions = false;
};

/// Shows which passkeys it is about, asks, and revokes them. NotEnrolled: there are none.
ExitCode recall(const RecallOrder &order);

}  // namespace passkeyd::cli
