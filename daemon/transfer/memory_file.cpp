/// Memory files in pieces.
#include "daemon/transfer/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "common/bytes.h"

namespace passkeyd::transfer {
namespace {

constexpr int kSealsNeeded = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;

}  // namespace

Result<Fd> make_memory_file() {
  Fd file(memfd_create("passkeyd-export", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return errno_error("memfd_create", errno);
  return file;
}

Status write_at(const Fd &file, std::size_t offset, std::string_view piece) {
  while (!piece.empty()) {
    const ssize_t written = pwrite(file.get(), piece.data(), piece.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == ENOSPC) return Error{ErrorKind::StorageFull, "there is no memory left"};
    if (written <= 0) return errno_error("write to memory file", written < 0 ? errno : EIO);
    piece.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::size_t>(written);
  }
  return Ok{};
}

Status seal(const Fd &file) {
  if (fcntl(file.get(), F_ADD_SEALS, kSealsNeeded | F_SEAL_SEAL) != 0)
    return errno_error("seal memory file", errno);
  return Ok{};
}

Result<std::size_t> size_of_sealed(const Fd &file) {
  const int seals = fcntl(file.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSealsNeeded) != kSealsNeeded)
    return Error{ErrorKind::InvalidInput, "the export did not come in a sealed memory file"};
  struct stat about = {};
  if (fstat(file.get(), &about) != 0) return errno_error("fstat", errno);
  if (about.st_size < 0 || static_cast<std::size_t>(about.st_size) > kMaxFile)
    return Error{ErrorKind::InvalidInput, "the export is too large"};
  return static_cast<std::size_t>(about.st_size);
}

Status read_piece(const Fd &file, std::size_t size, std::string &contents) {
  const std::size_t begin = contents.size();
  const std::size_t wanted = std::min(kPiece, size - begin);
  contents.resize(begin + wanted);
  const ssize_t got = pread(file.get(), contents.data() + begin, wanted, static_cast<off_t>(begin));
  if (got < 0) return errno_error("read the export", errno);
  if (static_cast<std::size_t>(got) != wanted)
    return Error{ErrorKind::Io, "the memory file could not be read"};
  return Ok{};
}

RunningHash::RunningHash() : digest_(EVP_MD_CTX_new()) {
  if (!digest_ || EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
}

void RunningHash::add(std::string_view piece) {
  if (EVP_DigestUpdate(digest_.get(), piece.data(), piece.size()) != 1) throw std::bad_alloc();
}

Sha256 RunningHash::done() {
  Sha256 hash{};
  if (EVP_DigestFinal_ex(digest_.get(), hash.data(), nullptr) != 1) throw std::bad_alloc();
  return hash;
}

}  // namespace passkeyd::transfer
