/// Finding out whom it is about.
#include "cli/user_option.h"

#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "client/printable.h"

namespace passkeyd::cli {

namespace {

std::string check(const std::string &given) {
  const Result<UserName> parsed = UserName::parse(given);
  return parsed ? std::string() : parsed.error().sentence;
}

}  // namespace

CLI::Option *add_user_option(CLI::App &command, std::string &name) {
  return command.add_option("--user", name, "The account; without it, your own")
      ->type_name("USER")
      ->check(check);
}

void add_user_argument(CLI::App &command, std::string &name) {
  command.add_option("USER", name, "The account")->required()->type_name("")->check(check);
}

/// The real uid: under sudo that is root, and root's passkeys are then meant. The environment is not asked.
Result<UserName> user_of(const std::string &name) {
  if (!name.empty()) return UserName::parse(name);
  const passwd *own = getpwuid(getuid());  // the only thread, and used at once
  if (own == nullptr)
    return Error{ErrorKind::NotFound,
                 "user " + std::to_string(getuid()) + " has no account here; use --user"};
  return UserName::parse(own->pw_name);
}

void warn_of_nobody(const UserName &user) {
  if (getpwnam(user.str().c_str()) != nullptr) return;
  std::fprintf(stderr, "passkeyctl: this computer knows nobody named %s now; is the name right?\n",
               printable(user.str(), UserName::kMaxBytes).c_str());
}

std::string option_for(const UserName &user) {
  const Result<UserName> own = user_of("");
  return own && own->str() == user.str() ? "" : " --user " + user.str();
}

}  // namespace passkeyd::cli
