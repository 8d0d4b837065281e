/// Looking at the ledger's file, and at the room around it.
#include "ledger/condition.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "ledger/ledger.h"
#include "ledger/schema.h"

namespace passkeyd {

Status Ledger::check() {
  return schema::check_health(database_, schema::steps());
}

Result<LedgerRoom> Ledger::room() {
  const std::string path = database_.path();
  struct stat file = {};
  struct statvfs disk = {};
  if (stat(path.c_str(), &file) != 0) return errno_error("look at " + path, errno);
  if (statvfs(path.c_str(), &disk) != 0) return errno_error("look at the disk of " + path, errno);
  return LedgerRoom{static_cast<std::uint64_t>(file.st_size), std::uint64_t{disk.f_bavail} * disk.f_frsize,
                    (disk.f_flag & ST_RDONLY) != 0};
}

}  // namespace passkeyd
