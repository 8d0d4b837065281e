/// Reading a file that might be none.
#include "daemon/plain_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <cerrno>

#include "common/handle.h"
#include "daemon/config_files.h"

namespace passkeyd {
namespace {

bool belongs_to_root(const struct stat &about) {
  const bool ours = about.st_uid == 0 || about.st_uid == geteuid();
  return ours && (about.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

Result<std::string> read_plain_file(const std::string &path, std::size_t most, Owner owner) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return refuse(path, errno_error("cannot be opened", errno).sentence);
  struct stat about = {};
  if (fstat(file.get(), &about) != 0) return refuse(path, errno_error("cannot be looked at", errno).sentence);
  if (S_ISCHR(about.st_mode) && about.st_rdev == makedev(1, 3)) return std::string();
  if (!S_ISREG(about.st_mode)) return refuse(path, "is no file");
  if (owner == Owner::RootAlone && !belongs_to_root(about))
    return refuse(path, "must belong to root, and nobody else may write to it");
  std::string text;
  std::array<char, 4096> piece{};
  ssize_t got = 0;
  while ((got = read(file.get(), piece.data(), piece.size())) > 0) {
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > most) return refuse(path, "is longer than " + std::to_string(most) + " bytes");
  }
  if (got < 0) return refuse(path, errno_error("cannot be read", errno).sentence);
  return text;
}

}  // namespace passkeyd
