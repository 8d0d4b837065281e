/// Properties: what a TPM says about itself. One GetCapability each.
#pragma once

#include <string>

#include "tpm/conversation.h"
#include "tpm/lockout.h"

namespace passkeyd::tpm {

/// Errors: Malformed when the TPM leaves one of the values out.
Result<DictionaryAttackState> read_dictionary_attack_state(Conversation &tpm);

/// "TPM (IBM SW TPM)": manufacturer and vendor string, printable ASCII only.
Result<std::string> read_product(Conversation &tpm);

}  // namespace passkeyd::tpm
