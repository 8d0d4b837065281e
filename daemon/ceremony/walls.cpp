/// The walls in their order.
#include "daemon/ceremony/walls.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/ceremony/file_walls.h"
#include "daemon/ceremony/models_file.h"

namespace passkeyd::walls {
namespace {

/// Where sources of names look: their modules, their settings, their sockets and caches. /var/lib/passkeyd is
/// none of them, and neither are homes, /proc and /sys.
constexpr const char *kOfNames[] = {
    "/etc",
    "/usr",
    "/lib",
    "/lib64",
    "/run",
    "/var/lib/sss",
    "/var/lib/extrausers",
    "/var/lib/misc",
    "/var/cache/nscd",
};

constexpr rlim_t kMostFiles = 64;  ///< a source of names may want as many; others open none

struct Choose {
  Left operator()(const wire::LookUpAccount &) const { return Left::LookingUp; }
  Left operator()(const wire::NameHost &) const { return Left::LookingUp; }
  Left operator()(const wire::DescribeKey &) const { return Left::Talking; }
  Left operator()(const wire::ProbeKey &) const { return Left::Talking; }
  Left operator()(const wire::AskTpm &) const { return Left::Talking; }
  Left operator()(const wire::Prove &) const { return Left::Talking; }
  Left operator()(const wire::Enroll &) const { return Left::Talking; }
  Left operator()(const wire::Discover &) const { return Left::Talking; }
  Left operator()(const wire::ChangePin &) const { return Left::Talking; }
  Left operator()(const wire::Activate &) const { return Left::Talking; }
  Left operator()(const wire::ExamineTpm &) const { return Left::Talking; }
  Left operator()(const wire::MakeCodes &) const { return Left::Filing; }
  Left operator()(const wire::CheckCode &) const { return Left::Thinking; }
  Left operator()(const wire::ReadMetadata &) const { return Left::Filing; }
  Left operator()(const wire::ListAgentKeys &) const { return Left::Talking; }
  Left operator()(const wire::SignByAgent &) const { return Left::Talking; }
};

/// Standard input and output are the daemon's, whose every line on them goes into the journal as its own.
Status let_go_of_standard_files() {
  const Fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return errno_error("open /dev/null", errno);
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (dup2(nothing.get(), number) < 0) return errno_error("dup2", errno);
  return Ok{};
}

Status limit(decltype(RLIMIT_FSIZE) what, rlim_t most) {
  const rlimit both{most, most};
  if (setrlimit(what, &both) != 0) return errno_error("setrlimit", errno);
  return Ok{};
}

}  // namespace

Left left_for(const wire::Request &request) {
  return std::visit(Choose(), request);
}

Status raise_first(Left left) {
  TRY(let_go_of_standard_files());
  if (left == Left::LookingUp) return shut_files_away(kOfNames);
  return shut_files_away({});
}

/// The limits say once more what the filter says, where that has to trust a number: of a memory file, how
/// long; of processes, none.
Status raise_second(Left left) {
  TRY(limit(RLIMIT_FSIZE, left == Left::Filing ? wire::kMaxModelsFile : 0));
  TRY(limit(RLIMIT_NPROC, 0));
  if (left == Left::LookingUp) TRY(limit(RLIMIT_NOFILE, kMostFiles));
  return give_up_calls(left);
}

}  // namespace passkeyd::walls
