/// passkeyctl lock: an administrator keeps somebody out.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/face.h"
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
};

/// Fits a line of "list" and of the log.
constexpr std::size_t kMaxReason = 200;

std::string check_reason(const std::string &reason) {
  if (reason.empty() || reason.size() > kMaxReason || !is_printable(reason))
    return "must have 1 to 200 bytes of printable UTF-8";
  return {};
}

ExitCode lock(const Options &options) {
  const Result<UserName> user = UserName::parse(options.user);
  if (!user) return report(user.error());
  return with_bus(Patience(std::chrono::minutes(2)), [&](Bus &bus, Patience &patience) {
    const Status done = lock_user(bus, {user.value(), options.all_methods, options.reason}, patience);
    if (!done) return report(done.error());
    std::printf("%s is locked: %s.\n", printable(options.user, UserName::kMaxBytes).c_str(),
                options.all_methods
                    ? "passkeys and backup codes open nothing, and account lines of pam_passkey refuse them"
                    : "passkeys and backup codes open nothing");
    return ExitCode::Ok;
  });
}

}  // namespace

Run declare_lock(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_user_argument(command, options->user);
  command.add_flag("--all-methods", options->all_methods,
                   "Have account lines of pam_passkey refuse them, too, whatever they came in with");
  command
      .add_option("--reason", options->reason,
                  "Why, for the log and for \"list\", where the locked person can read it as well")
      ->type_name("TEXT")
      ->check(check_reason);
  return [options] { return lock(*options); };
}

}  // namespace passkeyd::cli
