/// Checked here already, so that nonsense is told in words and never sent.
#include "cli/passkey_argument.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "client/records.h"
#include "client/upkeep.h"

namespace passkeyd::cli {
namespace {

constexpr std::size_t kShortId = 10;

std::string check_which(const std::string &which) {
  return check_passkey_name(which).empty() ? "" : "is neither the id nor the name of a passkey";
}

}  // namespace

CLI::Option *add_passkey_argument(CLI::App &command, std::string &which) {
  return command.add_option("ID", which, "The passkey: its id as in \"list\", or its name")
      ->type_name("")
      ->check(check_which);
}

std::string check_passkey_name(const std::string &name) {
  if (name.empty() || name.size() > kMaxPasskeyName || !is_printable(name))
    return "must have 1 to 64 bytes of printable UTF-8";
  return {};
}

bool is_short_id(const std::string &which) {
  return which.size() == kShortId && std::all_of(which.begin(), which.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<std::string> short_id_of(Bus &bus, const UserName &user, const std::string &which,
                                Patience &patience) {
  if (is_short_id(which)) return which;
  const CredentialList list = TRY(list_credentials(bus, user, patience));
  const CredentialRecord found = TRY(find_credential(list, which));
  return found.id;
}

}  // namespace passkeyd::cli
