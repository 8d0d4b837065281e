/// Import: the story of taking in what another machine, or this one in an earlier life, wrote down.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/admission.h"
#include "daemon/house.h"
#include "daemon/task.h"
#include "ledger/import.h"

namespace passkeyd {

struct ImportOrder {
  Fd file;
  std::optional<std::string> signer = {};  ///< a fingerprint; nullopt: only this machine's own key will do
  ImportMode mode = ImportMode::Change;
};

/// The file (h) and its options: signer (s), dry-run (b), and no others, for a dry run that is misspelt must
/// not change anything. Errors: InvalidInput.
Result<ImportOrder> read_import_order(sd_bus_message *call);

/// Errors: Busy; InvalidInput (no export, or damaged); Untrusted (the signature does not fit, or is somebody
/// else's: then with the fingerprint found); StorageFull; or a fault. After any of them nothing was changed.
Task<Result<std::vector<ImportChange>>> import_everything(House &house, ImportOrder order, Actor actor);

}  // namespace passkeyd
