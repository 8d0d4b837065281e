/// passkeyctl audit --verify: is the record of what happened whole?
#pragma once

#include <string>

#include "cli/exit_code.h"

namespace passkeyd::cli {

struct VerifyOrder {
  std::string head = {};  ///< a hash noted earlier that must be in the chain; empty: none
  bool json = false;
};

/// Has the daemon go through the chain and says what it found: Ok, or Broken.
ExitCode verify_chain(const VerifyOrder &order);

/// For the command line: what is wrong with `head`, or "".
std::string check_head(const std::string &head);

}  // namespace passkeyd::cli
