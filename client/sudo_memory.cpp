/// What sudo remembers of people: a file for each in a folder that only root can look into.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "client/sessions.h"
#include "common/handle.h"

namespace passkeyd {
namespace {

constexpr const char *kFolders[] = {"/run", "sudo", "ts"};

/// Steps into it without following a link. Empty and ENOENT if it is not there.
Fd step_into(const Fd &from, const char *folder) {
  return Fd(openat(from ? from.get() : AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// Root's, and nobody else can put a thing in it.
Status check_folder(const Fd &folder) {
  struct stat about = {};
  if (fstat(folder.get(), &about) != 0) return errno_error("look at sudo's folder", errno);
  if (about.st_uid != 0 || (about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return Error{ErrorKind::Untrusted, "sudo's folder is open to others than root"};
  return Ok{};
}

/// A plain file of exactly that name; whatever else bears it stays.
Status remove_record(const Fd &folder, const std::string &name) {
  struct stat about = {};
  if (fstatat(folder.get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? Status(Ok{}) : Status(errno_error("look at sudo's record", errno));
  if (!S_ISREG(about.st_mode)) return Error{ErrorKind::Untrusted, "sudo's record is no plain file"};
  if (unlinkat(folder.get(), name.c_str(), 0) != 0 && errno != ENOENT)
    return errno_error("remove sudo's record", errno);
  return Ok{};
}

}  // namespace

Status forget_in_sudo(const Account &account) {
  Fd folder;
  for (const char *name : kFolders) {
    folder = step_into(folder, name);
    if (!folder && errno == ENOENT) return Ok{};  // nobody has used sudo since the start
    if (!folder) return errno_error("open sudo's folder", errno);
    TRY(check_folder(folder));
  }
  TRY(remove_record(folder, account.name.str()));
  return remove_record(folder, std::to_string(account.uid));
}

}  // namespace passkeyd
