/// The ledger's file: ownership, modes, and birth.
#include "ledger/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "common/handle.h"

namespace passkeyd {
namespace {

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

void free_text(char *text) {
  std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): realpath(3) allocates with malloc
}

/// The part before the last '/' and the part after it.
struct Split {
  std::string directory;
  std::string name;
};

Result<Split> split(const std::string &path) {
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? "" : path.substr(slash + 1);
  if (path.empty() || path.front() != '/' || name.empty() || name == "." || name == ".." ||
      path.find('\0') != std::string::npos)
    return Error{ErrorKind::InvalidInput,
                 "the ledger needs the absolute path of a file, not \"" + path + "\""};
  return Split{slash == 0 ? "/" : path.substr(0, slash), name};
}

Result<Fd> open_directory(const std::string &path) {
  Fd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return errno_error("open state directory " + path, errno);
  struct stat about = {};
  if (fstat(directory.get(), &about) != 0) return errno_error("fstat " + path, errno);
  if (about.st_uid != geteuid())
    return Error{ErrorKind::NotConfigured, "state directory " + path + " belongs to uid " +
                                               std::to_string(about.st_uid) + ", not to uid " +
                                               std::to_string(geteuid()) + " as whom passkeyd runs"};
  if ((about.st_mode & kOthers) != 0)
    return Error{ErrorKind::NotConfigured,
                 "state directory " + path + " is open to other users: chmod 0700 it"};
  return directory;
}

/// True if `name` exists in the directory and is fit to hold the ledger; false if there is none.
Result<bool> is_ours(const Fd &directory, const std::string &name, const std::string &path) {
  // O_PATH looks without opening: a FIFO does not block, a symbolic link is not followed.
  const Fd file(openat(directory.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!file && errno == ENOENT) return false;
  if (!file) return errno_error("open " + path, errno);
  struct stat about = {};
  if (fstat(file.get(), &about) != 0) return errno_error("fstat " + path, errno);
  const auto refuse = [&](const std::string &why) {
    return Error{ErrorKind::Corrupt, path + " " + why + "; passkeyd does not touch it"};
  };
  if (S_ISLNK(about.st_mode)) return refuse("is a symbolic link");
  if (!S_ISREG(about.st_mode)) return refuse("is no regular file");
  if (about.st_uid != geteuid()) return refuse("belongs to uid " + std::to_string(about.st_uid));
  if ((about.st_mode & kOthers) != 0) return refuse("is open to other users (chmod 0600 it)");
  return true;
}

/// StorageFull where there is no room, or nothing may be written.
Error writing_error(const std::string &what, int number) {
  Error error = errno_error(what, number);
  if (number == ENOSPC || number == EDQUOT || number == EROFS) error.kind = ErrorKind::StorageFull;
  return error;
}

Status write_all(const Fd &file, ByteView contents, const std::string &path) {
  while (!contents.empty()) {
    const ssize_t written = write(file.get(), contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return writing_error("write " + path, written < 0 ? errno : EIO);
    contents = contents.subspan(static_cast<std::size_t>(written));
  }
  return Ok{};
}

}  // namespace

Result<StateFile> examine_state_file(const std::string &path) {
  const Split parts = TRY(split(path));
  const Fd directory = TRY(open_directory(parts.directory));
  const Handle<char, free_text> real(realpath(parts.directory.c_str(), nullptr));
  if (!real) return errno_error("resolve " + parts.directory, errno);
  StateFile file{std::string(real.get()) + "/" + parts.name};
  std::string left_behind;  // looked for first: whoever makes a ledger now makes the file before these
  for (const char *suffix : {"-wal", "-shm", "-journal"})
    if (TRY(is_ours(directory, parts.name + suffix, file.path + suffix))) left_behind = file.path + suffix;
  file.exists = TRY(is_ours(directory, parts.name, file.path));
  // SQLite would take what is left of an earlier database for part of the new one.
  if (!file.exists && !left_behind.empty())
    return Error{ErrorKind::Corrupt, file.path + " is missing but " + left_behind +
                                         " is there: restore the ledger, or move the rest of it away"};
  return file;
}

Status create_state_file(const StateFile &file, ByteView contents) {
  const Split parts = TRY(split(file.path));
  const Fd directory = TRY(open_directory(parts.directory));
  const Fd unnamed(openat(directory.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!unnamed) return writing_error("create a file in " + parts.directory, errno);
  if (fchmod(unnamed.get(), S_IRUSR | S_IWUSR) != 0) return errno_error("fchmod " + file.path, errno);
  TRY(write_all(unnamed, contents, file.path));
  if (fsync(unnamed.get()) != 0) return writing_error("fsync " + file.path, errno);
  const std::string handle = "/proc/self/fd/" + std::to_string(unnamed.get());
  if (linkat(AT_FDCWD, handle.c_str(), directory.get(), parts.name.c_str(), AT_SYMLINK_FOLLOW) != 0 &&
      errno != EEXIST)
    return writing_error("create " + file.path, errno);
  if (fsync(directory.get()) != 0) return writing_error("fsync " + parts.directory, errno);
  return Ok{};
}

}  // namespace passkeyd
