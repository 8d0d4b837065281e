/// passkeyctl rename: another name for a passkey.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/face.h"
#include "cli/passkey_argument.h"
#include "cli/user_option.h"
#include "cli/verb.h"
#include "client/upkeep.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string which;
  std::string name;
  std::string user;
};

ExitCode rename(const Options &options) {
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  return with_authority(Patience(std::chrono::minutes(5)), [&](Bus &bus, Patience &patience) {
    const Status done = rename_credential(bus, user.value(), options.which, options.name, patience);
    if (!done) return report(done.error());
    std::printf("The passkey is now called \"%s\".\n", options.name.c_str());  // printable: it was checked
    return ExitCode::Ok;
  });
}

}  // namespace

Run declare_rename(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_passkey_argument(command, options->which)->required();
  command.add_option("NEW-NAME", options->name, "What to call it from now on")
      ->required()
      ->type_name("")
      ->check(check_passkey_name);
  add_user_option(command, options->user);
  return [options] { return rename(*options); };
}

}  // namespace passkeyd::cli
