/// Export: the story of writing down what this machine knows, signed, for a safe place or another machine.
#pragma once

#include <string>

#include "daemon/admission.h"
#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

struct ExportFile {
  Fd file;             ///< a sealed memory file
  std::string signer;  ///< fingerprint of the machine's signing key
};

/// Errors: Busy (others are under way), Corrupt (the signing key is damaged), StorageFull (there is no room
/// for a new one), or a fault.
Task<Result<ExportFile>> export_everything(House &house, Actor by);

}  // namespace passkeyd
