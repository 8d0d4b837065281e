/// Where the boot id comes from, and how running time adds up.
#include "ledger/moment.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/handle.h"

namespace passkeyd {

Result<Moment> moment_of(const Clock &clock) {
  constexpr const char *kPath = "/proc/sys/kernel/random/boot_id";
  constexpr std::size_t kUuid = 36;
  const Fd file(open(kPath, O_RDONLY | O_CLOEXEC));
  if (!file) return errno_error(std::string("open ") + kPath, errno);
  std::array<char, Moment::kMaxBootId> text{};
  const ssize_t got = read(file.get(), text.data(), text.size());
  if (got < static_cast<ssize_t>(kUuid))
    return errno_error(std::string("read ") + kPath, got < 0 ? errno : EIO);
  return Moment{clock.wall(), clock.boot(), std::string(text.data(), kUuid)};
}

AgeRecord advance(const AgeRecord &last, const Moment &now) {
  const BootTime since = now.boot_id == last.boot_id ? now.boot - last.boot : now.boot;
  return {now.boot_id, now.boot, last.age + std::max(since, BootTime::zero())};
}

}  // namespace passkeyd
