/// passkeyctl lock: an administrator keeps somebody out.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/face.h"
#include "cli/reason.h"
#include "cli/sign_out.h"
#include "cli/user_option.h"
#include "cli/verb.h"
#include "client/admin.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string user;
  std::string reason;
  bool all_methods = false;
  bool end_sessions = false;
};

ExitCode lock(const Options &options) {
  const Result<UserName> user = UserName::parse(options.user);
  if (!user) return report(user.error());
  return with_authority(Patience(std::chrono::minutes(15)), [&](Bus &bus, Patience &patience) {
    const Status done = lock_user(bus, {user.value(), options.all_methods, options.reason}, patience);
    if (!done) return report(done.error());
    std::printf("%s is locked: %s.\n", printable(options.user, UserName::kMaxBytes).c_str(),
                options.all_methods
                    ? "passkeys and backup codes open nothing, and account lines of pam_passkey refuse them"
                    : "passkeys and backup codes open nothing");
    warn_of_nobody(user.value());
    // By name, as the lock is: it keeps out whoever has the name now.
    return options.end_sessions ? sign_out(bus, user.value(), patience) : ExitCode::Ok;
  });
}

}  // namespace

Run declare_lock(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_user_argument(command, options->user);
  command.add_flag("--all-methods", options->all_methods,
                   "Have account lines of pam_passkey refuse them, too, whatever they came in with");
  add_reason_option(command, options->reason);
  add_sign_out_option(command, options->end_sessions);
  return [options] { return lock(*options); };
}

}  // namespace passkeyd::cli
