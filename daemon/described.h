/// Described: a credential with all that is told about it to who may know: how it came into its state, and
/// what is known of its model.
#pragma once

#include <vector>

#include "daemon/house.h"

namespace passkeyd {

struct Described {
  Credential credential;
  StateChange change;
  std::string model;     ///< what the model is called; empty: nobody here knows
  std::string recalled;  ///< why FIDO Metadata warns of it; empty: it does not
};

/// Most that fit into one answer: the bus takes no more than 32 MiB, and ends who sends it.
inline constexpr std::size_t kMostDescribed = 16'000;

/// What a credential's model is called, for suggesting a name; empty: not known, or not proven.
std::string proven_model_name(House &house, const Credential &credential);

/// Errors: Internal for more than kMostDescribed; a fault of the ledger.
Result<std::vector<Described>> describe(House &house, const std::vector<Credential> &credentials);

}  // namespace passkeyd
