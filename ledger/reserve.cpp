/// Holding room, and giving it up.
#include "ledger/reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "common/handle.h"

namespace passkeyd {

void Reserve::keep() const {
  const Fd file(
      open(path_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, S_IRUSR | S_IWUSR));
  struct stat about = {};
  if (!file || fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode) || about.st_size >= kBytes) return;
  // Half a reserve would only take from others what helps nobody.
  if (posix_fallocate(file.get(), 0, kBytes) != 0 && ftruncate(file.get(), 0) != 0) unlink(path_.c_str());
}

bool Reserve::let_go() const {
  const Fd file(open(path_.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat about = {};
  if (!file || fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode) || about.st_size == 0) return false;
  if (ftruncate(file.get(), 0) != 0) return false;
  // ext4 gives freed blocks to others only once its journal says that they are free.
  static_cast<void>(fsync(file.get()));
  return true;
}

bool Reserve::is_ample() const {
  keep();  // somebody may have made room since
  std::error_code unknown;
  const std::uintmax_t held = std::filesystem::file_size(path_, unknown);
  if (unknown || held < kBytes) return false;
  const std::filesystem::space_info disk = std::filesystem::space(path_, unknown);
  return !unknown && disk.available >= kBytes;
}

}  // namespace passkeyd
