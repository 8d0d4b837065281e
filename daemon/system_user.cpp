/// Reading /etc/passwd.
#include "daemon/system_user.h"

#include <pwd.h>

#include <cstdio>

#include "common/handle.h"

namespace passkeyd {
namespace {

void close_file(std::FILE *file) {
  std::fclose(file);
}
using File = Handle<std::FILE, close_file>;

}  // namespace

std::optional<uid_t> system_user(const std::string &name, const std::string &file) {
  const File users(std::fopen(file.c_str(), "re"));
  if (!users) return std::nullopt;
  while (const passwd *user = fgetpwent(users.get()))
    if (name == user->pw_name) return user->pw_uid;
  return std::nullopt;
}

}  // namespace passkeyd
