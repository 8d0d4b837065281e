/// The ledger's file as a file: where it lies, whose it is, how it comes into being. Says nothing about what
/// is in it.
#pragma once

#include <string>

#include "common/bytes.h"
#include "common/result.h"

namespace passkeyd {

struct StateFile {
  std::string path;  ///< absolute, the directory's symbolic links resolved
  bool exists = false;
};

/// Looks at the file before anything opens it. The directory must exist and be a directory of the caller's
/// own user that nobody else may enter (0700); the file and SQLite's companions (-wal, -shm, -journal), where
/// they exist, must be regular files of the caller's own, closed to everybody else (0600).
/// Errors, all naming the path: InvalidInput (not absolute), Io (missing or unreadable directory),
/// NotConfigured (directory open to others or somebody else's), Corrupt (no regular file, a symbolic link,
/// somebody else's, open to others).
Result<StateFile> examine_state_file(const std::string &path);

/// Makes the file with these contents and mode 0600, all at once: it appears whole and on the disk, or not at
/// all (open(2), O_TMPFILE; linkat(2)). A file that appeared there in the meantime is left as it is; that is
/// no error. Errors: StorageFull, Io.
Status create_state_file(const StateFile &file, ByteView contents);

}  // namespace passkeyd
