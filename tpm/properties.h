/// Properties: what a TPM says about itself. One GetCapability each.
#pragma once

#include <string>

#include "tpm/conversation.h"
#include "tpm/lockout.h"

namespace passkeyd::tpm {

/// What a TPM keeps over a restart of what it is asked.
struct Permanent {
  DictionaryAttackState lockout;
  bool owner_auth_set = false;
  bool endorsement_auth_set = false;
};
/// Errors: Malformed when the TPM leaves one of the values out.
Result<Permanent> read_permanent(Conversation &tpm);

/// Who made it. Printable ASCII only, spaces in a row made one.
struct Identity {
  std::string maker;     ///< "IBM"
  std::string vendor;    ///< "SW TPM"
  std::string firmware;  ///< "8217.4131.22.13878"
};
Result<Identity> read_identity(Conversation &tpm);

/// "TPM (IBM SW TPM)": maker and vendor.
Result<std::string> read_product(Conversation &tpm);

}  // namespace passkeyd::tpm
