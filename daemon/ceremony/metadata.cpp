/// Reading a metadata file that somebody handed over: it may be long, be slow, and say anything.
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/ceremony/models_file.h"
#include "daemon/ceremony/performing.h"

namespace passkeyd {
namespace {

constexpr std::size_t kPiece = 64UL * 1024;

/// Plain files and pipes end some time; what else there is (terminals, /dev/zero) need not.
Status check_kind(const Fd &file) {
  struct stat about = {};
  if (fstat(file.get(), &about) != 0) return errno_error("fstat", errno);
  if (S_ISREG(about.st_mode) || S_ISFIFO(about.st_mode)) return Ok{};
  return Error{ErrorKind::InvalidInput, "the metadata is neither in a file nor in a pipe"};
}

/// To its end. Whoever is slow is waited for until the daemon ends this process.
Result<std::string> read_whole(const Fd &file) {
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + kPiece);
    const ssize_t got = read(file.get(), text.data() + before, kPiece);
    const int failed = errno;
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return text;
    if (text.size() > kMaxMetadata) return Error{ErrorKind::Malformed, "metadata: is too long"};
    if (got > 0 || failed == EINTR) continue;
    if (failed == EBADF) return Error{ErrorKind::InvalidInput, "the metadata's file is not open for reading"};
    if (failed != EAGAIN) return errno_error("read the metadata", failed);
    pollfd more{file.get(), POLLIN, 0};
    poll(&more, 1, -1);
  }
}

}  // namespace

Result<LastWord> read_metadata_file(const wire::ReadMetadata &op, const std::vector<Fd> &files) {
  if (files.size() != 1) return Error{ErrorKind::InvalidInput, "one metadata file is read at a time"};
  TRY(check_kind(files.front()));
  const std::string blob = TRY(read_whole(files.front()));
  const Metadata metadata = TRY(read_metadata(blob, op.roots, op.now));
  LastWord last{wire::MetadataRead{}};
  last.files.push_back(TRY(wire::to_models_file(metadata)));
  return last;
}

}  // namespace passkeyd
