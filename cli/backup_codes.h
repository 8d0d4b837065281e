/// Handing out backup codes, which two verbs do: backup-codes, and enroll for who has none yet.
#pragma once

#include "cli/exit_code.h"
#include "client/bus.h"
#include "common/account.h"

namespace CLI {
class App;
}

namespace passkeyd::cli {

struct CodeForm {
  bool page = false;  ///< a page for a printer
  bool qr = false;    ///< a QR code as well
};

/// Adds --print and --qr; `form` must live as long as `command`.
void add_form_options(CLI::App &command, CodeForm &form);

/// Makes a new set, which voids the old one, and shows it once. What goes wrong is reported.
ExitCode hand_out_codes(Bus &bus, const UserName &user, const CodeForm &form, Patience &patience);

}  // namespace passkeyd::cli
