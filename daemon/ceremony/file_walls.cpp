/// Landlock by its system calls: Debian 12 has no library for it.
#include "daemon/ceremony/file_walls.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "common/handle.h"
#include "common/landlock.h"

namespace passkeyd::walls {
namespace {

/// struct landlock_ruleset_attr as the newest kernel we know has it; older headers know only its beginning,
/// and older kernels take only as much.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t ports = 0;
  std::uint64_t scopes = 0;
};

/// What each version of the interface brought: all rights over files up to a bit, over ports, over what is
/// outside. A right that is named here and granted nowhere is taken away.
struct Brought {
  unsigned files;  ///< how many bits
  std::uint64_t ports;
  std::uint64_t scopes;
  std::size_t size;  ///< bytes of Ruleset it takes
};
constexpr std::size_t kFilesOnly = offsetof(Ruleset, ports);
constexpr std::size_t kWithPorts = offsetof(Ruleset, scopes);
constexpr Brought kVersions[] = {
    {13, 0, 0, kFilesOnly},             // 1, Linux 5.13
    {14, 0, 0, kFilesOnly},             // 2, 5.19: moving between folders
    {15, 0, 0, kFilesOnly},             // 3, 6.2: cutting short
    {15, 0b11, 0, kWithPorts},          // 4, 6.7: TCP
    {16, 0b11, 0, kWithPorts},          // 5, 6.10: ioctl on devices opened from then on
    {16, 0b11, 0b11, sizeof(Ruleset)},  // 6, 6.12: abstract sockets, signals
};

Status allow_reading(const Fd &ruleset, const char *folder) {
  const Fd place(open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place) return Ok{};  // not there, or none of ours: then nothing is to be read in it
  landlock_path_beneath_attr below = {};
  below.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  below.parent_fd = place.get();
  if (syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &below, 0) != 0)
    return errno_error("landlock_add_rule", errno);
  return Ok{};
}

}  // namespace

Status shut_files_away(std::span<const char *const> readable) {
  const auto version = static_cast<std::size_t>(landlock_version());
  if (version == 0) return Ok{};
  const Brought &known = kVersions[std::min(version, std::size(kVersions)) - 1];
  const Ruleset attributes{(std::uint64_t{1} << known.files) - 1, known.ports, known.scopes};
  const Fd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, known.size, 0)));
  if (!ruleset) return errno_error("landlock_create_ruleset", errno);
  for (const char *folder : readable) TRY(allow_reading(ruleset, folder));
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return errno_error("landlock_restrict_self", errno);
  return Ok{};
}

}  // namespace passkeyd::walls
