/// ~/.config/passkeyd/hosts: found, read and added to. It decides which server gets an answer, so nobody else
/// may write it.
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "common/handle.h"
#include "ssh/askpass/hosts.h"

namespace passkeyd::askpass {
namespace {

/// nullopt: it is not there.
Result<std::optional<std::string>> contents(const std::string &path) {
  // O_NONBLOCK: a pipe in its place would have us wait for a writer.
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::optional<std::string>();
  if (!file) return errno_error(path, errno);
  struct stat about = {};
  if (fstat(file.get(), &about) != 0) return errno_error(path, errno);
  if (!S_ISREG(about.st_mode)) return Error{ErrorKind::InvalidInput, path + " is no plain file"};
  if ((about.st_uid != geteuid() && about.st_uid != 0) || (about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return Error{ErrorKind::NotAllowed, path + " could be written by somebody else"};
  std::string text(kMaxHostsFile + 1, '\0');
  std::size_t size = 0;
  for (ssize_t got = 1; got > 0 && size < text.size(); size += static_cast<std::size_t>(got)) {
    got = read(file.get(), text.data() + size, text.size() - size);
    if (got < 0) return errno_error(path, errno);
  }
  if (size > kMaxHostsFile) return Error{ErrorKind::InvalidInput, path + " is too large"};
  text.resize(size);
  return std::optional(std::move(text));
}

Status make_folders(const std::string &path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  for (const std::filesystem::path &each : {folder.parent_path(), folder})
    if (mkdir(each.c_str(), 0700) != 0 && errno != EEXIST) return errno_error(each.string(), errno);
  return Ok{};
}

}  // namespace

std::optional<std::string> hosts_path() {
  const char *home = std::getenv("HOME");
  if (home == nullptr || *home != '/') {
    const passwd *person = getpwuid(geteuid());
    home = person == nullptr ? nullptr : person->pw_dir;
  }
  if (home == nullptr || *home != '/') return std::nullopt;
  return std::string(home) + "/.config/passkeyd/hosts";
}

Result<Hosts> read_hosts(const std::string &path) {
  const std::optional<std::string> text = TRY(contents(path));
  if (!text) return Hosts();
  Result<Hosts> hosts = parse_hosts(*text);
  if (!hosts) return Error{hosts.error().kind, path + ", " + hosts.error().sentence};
  return hosts;
}

Status add_host(const std::string &path, const HostLine &line) {
  const Hosts known = TRY(read_hosts(path));
  if (std::ranges::find(known, line) != known.end()) return Ok{};
  const std::optional<std::string> before = TRY(contents(path));
  const bool ended = !before || before->empty() || before->ends_with('\n');
  const std::string text = (ended ? "" : "\n") + line.host + " " + line.rp_id + "\n";
  if ((before ? before->size() : 0) + text.size() > kMaxHostsFile)
    return Error{ErrorKind::InvalidInput, path + " would be too large"};
  TRY(make_folders(path));
  const Fd file(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
  if (!file) return errno_error(path, errno);
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return errno_error(path, errno);
  return Ok{};
}

}  // namespace passkeyd::askpass
