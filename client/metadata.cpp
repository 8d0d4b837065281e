/// Manager.ImportMetadata.
#include "client/metadata.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>

#include "client/dictionary.h"

namespace passkeyd {
namespace {

/// Thousands of certificates are read, and polkit may have to ask a person.
constexpr Patience::Time kMost = std::chrono::seconds(120);
constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

/// One piece of `from`, all of it written to `into`; 0 at its end. `piece` is the room for it.
Result<std::size_t> copy_piece(const Fd &from, const Fd &into, std::array<char, 65536> &piece) {
  ssize_t got = 0;
  do got = read(from.get(), piece.data(), piece.size());
  while (got < 0 && errno == EINTR);
  if (got < 0) return errno_error("read the metadata", errno);
  for (ssize_t done = 0; done < got;) {
    const ssize_t written = write(into.get(), piece.data() + done, static_cast<std::size_t>(got - done));
    if (written < 0 && errno != EINTR) return errno_error("copy the metadata", errno);
    if (written > 0) done += written;
  }
  return static_cast<std::size_t>(got);
}

}  // namespace

Result<Fd> copy_of_metadata(const Fd &file) {
  Fd copy(memfd_create("metadata", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy) return errno_error("memfd_create", errno);
  std::array<char, 65536> piece;
  std::size_t size = 0;
  for (;;) {
    const std::size_t got = TRY(copy_piece(file, copy, piece));
    if (got == 0) break;
    size += got;
    if (size > kMaxMetadataFile)
      return Error{ErrorKind::InvalidInput, "the file is too large for FIDO Metadata"};
  }
  if (size == 0) return Error{ErrorKind::InvalidInput, "the file is empty"};
  if (fcntl(copy.get(), F_ADD_SEALS, kSeals) != 0 || lseek(copy.get(), 0, SEEK_SET) != 0)
    return errno_error("seal the metadata", errno);
  return copy;
}

Result<MetadataSummary> import_metadata(Bus &bus, const Fd &copy, Patience &patience) {
  const auto fill = [&](sd_bus_message *call) { return sd_bus_message_append(call, "h", copy.get()); };
  const Message reply = TRY(bus.call_manager("ImportMetadata", fill, patience, kMost));
  const Dictionary answer = TRY(Dictionary::read(reply.get()));
  MetadataSummary summary;
  const bool sound = answer.take("number", summary.number) &&
                     answer.take("next-update", summary.next_update) &&
                     answer.take("models", summary.models) && answer.take("recalled", summary.recalled) &&
                     answer.take("flagged", summary.flagged);
  if (!sound) return Error{ErrorKind::Malformed, "ImportMetadata: the summary does not parse"};
  return summary;
}

Result<std::optional<MetadataInForce>> metadata_in_force(Bus &bus, Patience &patience) {
  const Message reply = TRY(bus.call_manager("GetStatus", {}, patience));
  const Dictionary status = TRY(Dictionary::read(reply.get()));
  std::optional<std::int64_t> number;
  MetadataInForce found;
  if (!status.take("metadata-number", number) || !status.take("metadata-next-update", found.next_update))
    return Error{ErrorKind::Malformed, "GetStatus: what it says of metadata does not parse"};
  if (!number) return std::optional<MetadataInForce>();
  found.number = *number;
  return std::optional(std::move(found));
}

}  // namespace passkeyd
