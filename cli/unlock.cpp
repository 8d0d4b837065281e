/// passkeyctl unlock: the end of a lock.
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

ExitCode unlock(const std::string &name) {
  const Result<UserName> user = UserName::parse(name);
  if (!user) return report(user.error());
  return with_authority(Patience(std::chrono::minutes(7)), [&](Bus &bus, Patience &patience) {
    const std::string whom = printable(name, UserName::kMaxBytes);
    const Status done = unlock_user(bus, user.value(), patience);
    if (!done && done.error().kind == ErrorKind::NotFound) {
      std::fprintf(stderr, "passkeyctl: %s is not locked.\n", whom.c_str());
      return ExitCode::NotEnrolled;
    }
    if (!done) return report(done.error());
    std::printf("%s is not locked any more.\n", whom.c_str());
    return ExitCode::Ok;
  });
}

}  // namespace

Run declare_unlock(CLI::App &command) {
  const auto user = std::make_shared<std::string>();
  add_user_argument(command, *user);
  return [user] { return unlock(*user); };
}

}  // namespace passkeyd::cli
