/// passkeyctl guest-keys: the keys in this computer's TPM for accounts on other machines.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/describe.h"
#include "cli/face.h"
#include "cli/table.h"
#include "cli/user_option.h"
#include "cli/verb.h"
#include "client/guest.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string user;
  std::string remove;
};

void print(const std::vector<GuestKeyRecord> &keys) {
  if (keys.empty()) {
    std::printf("No keys for other machines. One is made with: passkey-askpass --enroll\n");
    return;
  }
  Table table({"ID", "MACHINE", "ACCOUNT", "CREATED", "LAST USED"});
  for (const GuestKeyRecord &key : keys)
    table.add({key.id, key.rp_id, key.account, date_text(key.created),
               key.last_used ? date_text(*key.last_used) : "never"});
  for (const std::size_t column : {1U, 2U}) table.may_shorten(column);
  for (const std::size_t column : {3U, 4U}) table.may_go(column);
  std::fputs(table.text(Screen::of_stdout()).c_str(), stdout);
}

ExitCode remove(const Options &options, const UserName &user) {
  return with_authority(Patience(std::chrono::minutes(5)), [&](Bus &bus, Patience &patience) {
    const Status done = remove_guest_key(bus, user, options.remove, patience);
    if (!done) return report(done.error());
    std::printf("The key is removed here. The machine it was for takes it until it is revoked there.\n");
    return ExitCode::Ok;
  });
}

ExitCode guest_keys(const Options &options) {
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  if (!options.remove.empty()) return remove(options, user.value());
  const Patience most(std::chrono::minutes(5));
  return with_bus_about(options.user, most, [&](Bus &bus, Patience &patience) {
    const Result<std::vector<GuestKeyRecord>> keys = list_guest_keys(bus, user.value(), patience);
    if (!keys) return report(keys.error());
    print(keys.value());
    return ExitCode::Ok;
  });
}

}  // namespace

Run declare_guest_keys(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_user_option(command, options->user);
  command.add_option("--remove", options->remove, "Remove the key of this id")->type_name("ID");
  return [options] { return guest_keys(*options); };
}

}  // namespace passkeyd::cli
