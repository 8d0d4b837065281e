/// Exports and imports over the bus.
#include "client/transfer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "client/dictionary.h"
#include "client/printable.h"

namespace passkeyd {
namespace {

/// Polkit may have to ask the person first; then every account is looked up.
constexpr Patience::Time kMost = std::chrono::minutes(10);
constexpr std::size_t kMostRecords = 100'000;
constexpr std::size_t kMostText = 300;

std::optional<ImportRecord> change_of(const Dictionary &row) {
  ImportRecord change;
  const bool sound = row.take("what", change.what) && row.take("why", change.why) &&
                     row.take("user", change.user) && row.take("id", change.id) &&
                     row.take("name", change.name) && row.take("way", change.way) &&
                     row.take("works", change.works) && row.take("uid", change.uid) &&
                     row.take("uid-was", change.uid_was);
  if (!sound || change.what.empty()) return std::nullopt;
  return change;
}

Status write_all(const Fd &file, std::string_view piece) {
  while (!piece.empty()) {
    const ssize_t written = write(file.get(), piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return errno_error("copy the file", written < 0 ? errno : EIO);
    piece.remove_prefix(static_cast<std::size_t>(written));
  }
  return Ok{};
}

}  // namespace

Result<ExportedFile> export_everything(Bus &bus, Patience &patience) {
  const Message reply = TRY(bus.call_manager(
      "Export", [](sd_bus_message *) { return 0; }, patience, kMost));
  int file = -1;
  const char *signer = nullptr;
  if (sd_bus_message_has_signature(reply.get(), "hs") <= 0 ||
      sd_bus_message_read(reply.get(), "hs", &file, &signer) <= 0)
    return Error{ErrorKind::Malformed, "Export: the answer is no file with its signer"};
  Fd own(fcntl(file, F_DUPFD_CLOEXEC, 0));  // the message keeps its own
  if (!own) return errno_error("keep the file of Export", errno);
  if (lseek(own.get(), 0, SEEK_SET) != 0) return errno_error("read the file of Export", errno);
  return ExportedFile{std::move(own), printable(signer, kMostText)};
}

Result<Fd> sealed_copy(const Fd &file) {
  Fd copy(memfd_create("passkeyctl-import", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy) return errno_error("memfd_create", errno);
  std::array<char, 64UL * 1024> piece{};
  std::size_t all = 0;
  for (;;) {
    const ssize_t got = read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read the file", errno);
    if (got == 0) break;
    all += static_cast<std::size_t>(got);
    if (all > kMaxExport) return Error{ErrorKind::InvalidInput, "the file is larger than any export"};
    TRY(write_all(copy, {piece.data(), static_cast<std::size_t>(got)}));
  }
  if (fcntl(copy.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
    return errno_error("seal memory file", errno);
  return copy;
}

Result<std::vector<ImportRecord>> import_file(Bus &bus, const ImportRequest &request, Patience &patience) {
  const auto fill = [&](sd_bus_message *call) {
    int code = sd_bus_message_append(call, "h", request.file.get());
    if (code >= 0) code = sd_bus_message_open_container(call, 'a', "{sv}");
    if (code >= 0 && !request.signer.empty()) code = append_text(call, option::kSigner, request.signer);
    if (code >= 0) code = sd_bus_message_append(call, "{sv}", option::kDryRun, "b", request.dry_run ? 1 : 0);
    return code < 0 ? code : sd_bus_message_close_container(call);
  };
  const Message reply = TRY(bus.call_manager("Import", fill, patience, kMost));
  std::vector<ImportRecord> changes;
  const std::vector<Dictionary> rows = TRY(Dictionary::read_list(reply.get(), kMostRecords));
  for (const Dictionary &row : rows) {
    std::optional<ImportRecord> change = change_of(row);
    if (!change) return Error{ErrorKind::Malformed, "Import: a change does not parse"};
    changes.push_back(std::move(*change));
  }
  return changes;
}

}  // namespace passkeyd
