/// passkeyctl reset-limits: somebody who failed too often may try again now.
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

/// The authenticator's own count of wrong PINs is none of ours.
ExitCode reset(const std::string &name) {
  const Result<UserName> user = UserName::parse(name);
  if (!user) return report(user.error());
  return with_authority(Patience(std::chrono::minutes(7)), [&](Bus &bus, Patience &patience) {
    const Status done = reset_limits(bus, user.value(), patience);
    if (!done) return report(done.error());
    std::printf(
        "The failed tries of %s are forgotten. (What a key or a security chip counts itself stays.)\n",
        printable(name, UserName::kMaxBytes).c_str());
    warn_of_nobody(user.value());
    return ExitCode::Ok;
  });
}

}  // namespace

Run declare_reset_limits(CLI::App &command) {
  const auto user = std::make_shared<std::string>();
  add_user_argument(command, *user);
  return [user] { return reset(*user); };
}

}  // namespace passkeyd::cli
