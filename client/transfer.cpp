/// Exports and imports over the bus.
#include "client/transfer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "client/printable.h"

namespace passkeyd {
namespace {

/// Polkit may have to ask the person first; then every account is looked up.
constexpr Patience::Time kMost = std::chrono::minutes(10);
constexpr std::size_t kMostRecords = 100'000;
constexpr std::size_t kMostText = 300;

int read_text(sd_bus_message *m, std::string &into) {
  const char *text = nullptr;
  const int got = sd_bus_message_read(m, "v", "s", &text);
  if (got > 0) into = printable(text, kMostText);
  return got;
}

int read_number(sd_bus_message *m, std::optional<std::uint32_t> &into) {
  std::uint32_t number = 0;
  const int got = sd_bus_message_read(m, "v", "u", &number);
  if (got > 0) into = number;
  return got;
}

int read_truth(sd_bus_message *m, bool &into) {
  int truth = 0;
  const int got = sd_bus_message_read(m, "v", "b", &truth);
  into = truth != 0;
  return got;
}

/// Reads one entry of a row; a key nobody here knows is for a newer face.
int read_entry(sd_bus_message *m, ImportRecord &row) {
  const char *name = nullptr;
  const int failed = sd_bus_message_read(m, "s", &name);
  if (failed < 0) return failed;
  const std::string_view key = name;
  if (key == "what") return read_text(m, row.what);
  if (key == "why") return read_text(m, row.why);
  if (key == "user") return read_text(m, row.user);
  if (key == "id") return read_text(m, row.id);
  if (key == "name") return read_text(m, row.name);
  if (key == "way") return read_text(m, row.way);
  if (key == "works") return read_truth(m, row.works);
  if (key == "uid") return read_number(m, row.uid);
  if (key == "uid-was") return read_number(m, row.uid_was);
  return sd_bus_message_skip(m, "v");
}

/// Zero: no more rows.
int read_row(sd_bus_message *m, ImportRecord &row) {
  int more = sd_bus_message_enter_container(m, 'a', "{sv}");
  if (more <= 0) return more;
  while ((more = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
    int failed = read_entry(m, row);
    if (failed >= 0) failed = sd_bus_message_exit_container(m);
    if (failed < 0) return failed;
  }
  if (more < 0) return more;
  if (row.what.empty()) return -EBADMSG;
  return sd_bus_message_exit_container(m) < 0 ? -EBADMSG : 1;
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
  const Error malformed{ErrorKind::Malformed, "Import: the answer is no list of changes"};
  if (sd_bus_message_has_signature(reply.get(), "aa{sv}") <= 0 ||
      sd_bus_message_enter_container(reply.get(), 'a', "a{sv}") < 0)
    return malformed;
  std::vector<ImportRecord> rows;
  int more = 0;
  for (ImportRecord row; (more = read_row(reply.get(), row)) > 0; row = {}) {
    if (rows.size() == kMostRecords) return malformed;
    rows.push_back(std::move(row));
  }
  if (more < 0) return malformed;
  return rows;
}

}  // namespace passkeyd
