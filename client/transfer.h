/// Transfer: asking the daemon for everything it knows, as a file, and handing it such a file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/bus.h"
#include "common/handle.h"

namespace passkeyd {

/// Largest export, in bytes.
inline constexpr std::size_t kMaxExport = 64UL * 1024 * 1024;

struct ExportedFile {
  Fd file;             ///< readable from its beginning to its end
  std::string signer;  ///< the machine's fingerprint, printable
};

/// Errors: as Bus::call_manager; Malformed if the answer is none.
Result<ExportedFile> export_everything(Bus &bus, Patience &patience);

/// What an import does about one thing. Texts are printable.
struct ImportRecord {
  std::string what;  ///< "add", "revoke", "lock", "rp-id", "skip"
  std::string why;
  std::string user;
  std::string id;
  std::string name;
  std::string way;
  bool works = false;                        ///< it opens the account here afterwards
  std::optional<std::int64_t> uid = {};      ///< the account's number here
  std::optional<std::int64_t> uid_was = {};  ///< and there, if that is another
  bool operator==(const ImportRecord &) const = default;
};

struct ImportRequest {
  const Fd &file;      ///< what sealed_copy() gives
  std::string signer;  ///< fingerprint to insist on; empty: only this machine's own
  bool dry_run = true;
};

/// A copy of what `file` has to give, up to its end, in a memory file that nobody can change any more.
/// Errors: InvalidInput (more than kMaxExport), Io.
Result<Fd> sealed_copy(const Fd &file);

/// Errors: as Bus::call_manager; Malformed if the answer is none.
Result<std::vector<ImportRecord>> import_file(Bus &bus, const ImportRequest &request, Patience &patience);

}  // namespace passkeyd
