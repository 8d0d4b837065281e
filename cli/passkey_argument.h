/// Which passkey a verb is about, and what one may be called.
#pragma once

#include <string>

#include "client/bus.h"
#include "common/account.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace passkeyd::cli {

/// Adds the argument ID: the id of a passkey, or its name. `which` must live as long as `command`.
CLI::Option *add_passkey_argument(CLI::App &command, std::string &which);

/// For CLI11: empty if a passkey can have that name, otherwise why not.
std::string check_passkey_name(const std::string &name);

/// True for ten hexadecimal digits: an id, unless somebody chose such a name.
bool is_short_id(const std::string &which);

/// The id of the passkey that is meant. Errors: as list_credentials and find_credential.
Result<std::string> short_id_of(Bus &bus, const UserName &user, const std::string &which, Patience &patience);

}  // namespace passkeyd::cli
