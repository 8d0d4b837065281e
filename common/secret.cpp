/// Secret: storage, wiping, and the sealed memory file.
#include "common/secret.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace passkeyd {
namespace {

constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
constexpr int kSealsNeeded = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;

}  // namespace

Secret::Secret(ByteView bytes) : size_(std::min(bytes.size(), kMaxBytes)) {
  std::copy_n(bytes.begin(), size_, bytes_);
}

Secret::Secret(Secret &&other) noexcept : size_(other.size_) {
  std::copy_n(other.bytes_, size_, bytes_);
  other.wipe();
}

Secret &Secret::operator=(Secret &&other) noexcept {
  if (this != &other) {
    wipe();
    size_ = other.size_;
    std::copy_n(other.bytes_, size_, bytes_);
    other.wipe();
  }
  return *this;
}

Secret::~Secret() {
  wipe();
}

void Secret::wipe() {
  explicit_bzero(bytes_, sizeof bytes_);
  size_ = 0;
}

Result<Secret> Secret::parse(std::string_view text) {
  if (text.size() > kMaxBytes) return Error{ErrorKind::InvalidInput, "the secret is too long"};
  if (text.find('\0') != std::string_view::npos)
    return Error{ErrorKind::InvalidInput, "the secret contains a NUL byte"};
  return Secret(bytes_of(text));
}

Result<Fd> to_memfd(const Secret &secret) {
  Fd file(memfd_create("passkeyd-secret", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return errno_error("memfd_create", errno);
  const ssize_t written = pwrite(file.get(), secret.bytes().data(), secret.size(), 0);
  if (written != static_cast<ssize_t>(secret.size())) return errno_error("write to memory file", errno);
  if (fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return errno_error("seal memory file", errno);
  return file;
}

Result<Secret> from_memfd(const Fd &file) {
  const int seals = fcntl(file.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSealsNeeded) != kSealsNeeded)
    return Error{ErrorKind::InvalidInput, "the secret did not come in a sealed memory file"};
  struct stat about = {};
  if (fstat(file.get(), &about) != 0) return errno_error("fstat", errno);
  if (about.st_size < 0 || static_cast<std::size_t>(about.st_size) > Secret::kMaxBytes)
    return Error{ErrorKind::InvalidInput, "the secret is too long"};
  std::uint8_t buffer[Secret::kMaxBytes] = {};
  const ssize_t got = pread(file.get(), buffer, sizeof buffer, 0);
  const bool whole = got == about.st_size;
  Result<Secret> secret =
      whole ? Secret::parse({reinterpret_cast<const char *>(buffer), static_cast<std::size_t>(got)})
            : Result<Secret>(Error{ErrorKind::Io, "the memory file could not be read"});
  explicit_bzero(buffer, sizeof buffer);
  return secret;
}

}  // namespace passkeyd
