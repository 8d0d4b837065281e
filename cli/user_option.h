/// Whose passkeys a verb is about: --user, or a name that must be given.
#pragma once

#include <string>

#include "common/account.h"
#include "common/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace passkeyd::cli {

/// Adds --user NAME, checked when it is parsed; `name` must live as long as `command`.
CLI::Option *add_user_option(CLI::App &command, std::string &name);

/// Adds the argument USER, which cannot be left out; otherwise as above.
void add_user_argument(CLI::App &command, std::string &name);

/// The account meant: `name`, or the caller's own if it is empty. Errors: InvalidInput, NotFound.
Result<UserName> user_of(const std::string &name);

/// Says so on standard error if this machine knows nobody of that name: a name that is misspelt does nothing
/// to whom it was meant for.
void warn_of_nobody(const UserName &user);

/// What a command line about `user` needs beside the verb: " --user NAME", or nothing about the caller.
std::string option_for(const UserName &user);

}  // namespace passkeyd::cli
