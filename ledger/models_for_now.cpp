/// Until the ledger keeps FIDO Metadata: none was imported.
#include "ledger/ledger.h"

namespace passkeyd {

Result<std::optional<MetadataState>> Ledger::metadata_state() {
  return std::optional<MetadataState>();
}

}  // namespace passkeyd
