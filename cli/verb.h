/// A verb of passkeyctl: one row of the table in main.cpp, one file.
#pragma once

#include <functional>

#include "cli/exit_code.h"

namespace CLI {
class App;
}

namespace passkeyd::cli {

using Run = std::function<ExitCode()>;

struct Verb {
  const char *name;
  const char *summary;
  Run (*declare)(CLI::App &command);  ///< adds the verb's options; gives what to run once they are parsed
};

Run declare_enroll(CLI::App &command);
Run declare_list(CLI::App &command);
Run declare_show(CLI::App &command);
Run declare_rename(CLI::App &command);
Run declare_test(CLI::App &command);
Run declare_pin(CLI::App &command);
Run declare_backup_codes(CLI::App &command);
Run declare_revoke(CLI::App &command);
Run declare_resume(CLI::App &command);
Run declare_reset_limits(CLI::App &command);
Run declare_lock(CLI::App &command);
Run declare_unlock(CLI::App &command);
Run declare_guest_keys(CLI::App &command);
Run declare_export(CLI::App &command);
Run declare_import(CLI::App &command);
Run declare_policy(CLI::App &command);
Run declare_status(CLI::App &command);
Run declare_audit(CLI::App &command);
Run declare_doctor(CLI::App &command);
Run declare_metadata(CLI::App &command);

}  // namespace passkeyd::cli
