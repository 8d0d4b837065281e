/// Machine: what doctor can see of a computer: files, accounts, the clock. Only ever looks. Tests make broken
/// ones, each under a folder of its own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"

namespace passkeyd::cli {

/// As whom a program runs.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups = {};  ///< all of them
};

struct FileFacts {
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0;            ///< with the kind of file
  std::int64_t modified = 0;  ///< seconds since 1970
};

struct Machine {
  static constexpr std::size_t kMaxFile = std::size_t{1}
                                          << 20;  ///< bytes; what is larger is no file of settings
  static constexpr std::size_t kMaxNames = 4096;  ///< of a folder

  std::string root = {};  ///< stands before every path; empty: this very machine
  /// nullopt: no such account.
  std::function<std::optional<Identity>(const std::string &user)> identity = system_identity;
  /// Whether something keeps the clock right (adjtimex(2)).
  std::function<bool()> clock_is_kept = system_clock_is_kept;

  /// What sshd says itself that holds (sshd -T). Empty: nobody asks it; its files are read.
  std::function<Result<std::string>()> sshd_settings = {};

  /// All of a plain file. Errors: NotFound, NotAllowed (may not be read), InvalidInput (too large, or no
  /// file), Io.
  [[nodiscard]] Result<std::string> read(const std::string &path) const;
  /// Follows links. Errors: NotFound, NotAllowed, Io.
  [[nodiscard]] Result<FileFacts> look(const std::string &path) const;
  /// Names in a folder, sorted. Errors: NotFound, NotAllowed, Io.
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string &folder) const;
  /// Where a link leads, as it is written. Errors: NotFound, NotAllowed, Io (it is none).
  [[nodiscard]] Result<std::string> target(const std::string &link) const;

  [[nodiscard]] bool has(const std::string &path) const { return static_cast<bool>(look(path)); }
  /// The first of `paths` that is there; nullopt: none.
  [[nodiscard]] std::optional<std::string> first_of(const std::vector<std::string> &paths) const;

  static std::optional<Identity> system_identity(const std::string &user);
  static bool system_clock_is_kept();
  /// Of this very machine. Errors: NotAllowed (only root may see the keys that sshd looks at first),
  /// NotFound, Timeout, Io, InvalidInput (sshd complains about its settings).
  static Result<std::string> system_sshd_settings();
};

/// By the permission bits alone.
bool may_read(const Identity &who, const FileFacts &file);
bool may_read_and_write(const Identity &who, const FileFacts &file);

}  // namespace passkeyd::cli
