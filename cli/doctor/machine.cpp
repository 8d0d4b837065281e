/// Looking at files.
#include "cli/doctor/machine.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/timex.h>

#include <algorithm>
#include <cerrno>

#include "cli/program.h"
#include "common/handle.h"

namespace passkeyd::cli {
namespace {

void close_folder(DIR *held) {
  closedir(held);
}
using Folder = Handle<DIR, close_folder>;

Error error_of(const std::string &path, int number) {
  Error error = errno_error(path, number);
  if (number == ENOENT || number == ENOTDIR) error.kind = ErrorKind::NotFound;
  if (number == EACCES || number == EPERM) error.kind = ErrorKind::NotAllowed;
  return error;
}

/// Has `who` all of these permissions, 4 (read) and 2 (write)?
bool may(const Identity &who, const FileFacts &file, mode_t wanted) {
  if (who.uid == 0) return true;
  const bool in_group =
      who.gid == file.gid || std::find(who.groups.begin(), who.groups.end(), file.gid) != who.groups.end();
  const mode_t bits = who.uid == file.uid ? file.mode >> 6 : in_group ? file.mode >> 3 : file.mode;
  return (bits & wanted) == wanted;
}

}  // namespace

/// O_NONBLOCK: a pipe somebody put there must not keep us waiting.
Result<std::string> Machine::read(const std::string &path) const {
  const Fd file(open((root + path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return error_of(path, errno);
  struct stat facts = {};
  if (fstat(file.get(), &facts) != 0) return error_of(path, errno);
  if (!S_ISREG(facts.st_mode)) return Error{ErrorKind::InvalidInput, path + ": is no file"};
  std::string text;
  char piece[16384];
  ssize_t got = 0;
  while ((got = ::read(file.get(), piece, sizeof piece)) > 0) {
    text.append(piece, static_cast<std::size_t>(got));
    if (text.size() > kMaxFile) return Error{ErrorKind::InvalidInput, path + ": is too large"};
  }
  if (got < 0) return error_of(path, errno);
  return text;
}

Result<FileFacts> Machine::look(const std::string &path) const {
  struct stat facts = {};
  if (stat((root + path).c_str(), &facts) != 0) return error_of(path, errno);
  return FileFacts{facts.st_uid, facts.st_gid, facts.st_mode, facts.st_mtim.tv_sec};
}

Result<std::vector<std::string>> Machine::list(const std::string &folder) const {
  const Folder open(opendir((root + folder).c_str()));
  if (!open) return error_of(folder, errno);
  std::vector<std::string> names;
  while (const dirent *entry = readdir(open.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && names.size() < kMaxNames) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> Machine::target(const std::string &link) const {
  char text[4096];
  const ssize_t size = readlink((root + link).c_str(), text, sizeof text);
  if (size < 0) return error_of(link, errno);
  return std::string(text, static_cast<std::size_t>(size));
}

std::optional<std::string> Machine::first_of(const std::vector<std::string> &paths) const {
  for (const std::string &path : paths)
    if (has(path)) return path;
  return std::nullopt;
}

std::optional<Identity> Machine::system_identity(const std::string &user) {
  const passwd *found = getpwnam(user.c_str());  // the only thread, and used at once
  if (found == nullptr) return std::nullopt;
  Identity who{found->pw_uid, found->pw_gid, std::vector<gid_t>(256)};
  int count = static_cast<int>(who.groups.size());
  if (getgrouplist(user.c_str(), who.gid, who.groups.data(), &count) < 0) count = 0;
  who.groups.resize(static_cast<std::size_t>(count));
  return who;
}

bool Machine::system_clock_is_kept() {
  timex clock = {};
  return adjtimex(&clock) >= 0 && (clock.status & STA_UNSYNC) == 0;
}

Result<std::string> Machine::system_sshd_settings() {
  if (geteuid() != 0) return Error{ErrorKind::NotAllowed, "sshd tells only root"};
  const Finished told = TRY(run_program({"/usr/sbin/sshd", {"-T"}}));
  if (told.status != 0) return Error{ErrorKind::InvalidInput, "sshd -T: " + told.said};
  return told.said;
}

bool may_read(const Identity &who, const FileFacts &file) {
  return may(who, file, 4);
}

bool may_read_and_write(const Identity &who, const FileFacts &file) {
  return may(who, file, 6);
}

}  // namespace passkeyd::cli
