/// passkeyctl ssh-krl: revoked SSH keys for sshd. The format is OpenSSH's own business: ssh-keygen writes it.
#include "cli/ssh_krl.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "cli/face.h"
#include "cli/program.h"
#include "cli/ssh_key.h"
#include "cli/target.h"
#include "cli/verb.h"
#include "cli/when.h"
#include "client/printable.h"
#include "ssh/key.h"

namespace passkeyd::cli {
namespace {

constexpr mode_t kPrivate = 0600;
constexpr mode_t kForSshd = 0644;
constexpr int kMostRaces = 64;  ///< others who replaced it while we waited for our turn

Error trouble(const std::string &what, int number) {
  Error error = errno_error(what, number);
  if (number == EACCES || number == EPERM) error.kind = ErrorKind::NotAllowed;
  if (number == ENOSPC || number == EDQUOT || number == EROFS) error.kind = ErrorKind::StorageFull;
  return error;
}

std::string folder_of(const std::string &path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// A list that others may replace is worth nothing, and a link may lead anywhere.
Status check_place(const std::string &path) {
  struct stat facts = {};
  if (stat(folder_of(path).c_str(), &facts) != 0) return trouble(folder_of(path), errno);
  const bool others =
      (facts.st_mode & (S_IWOTH | S_IWGRP)) != 0 || (facts.st_uid != 0 && facts.st_uid != geteuid());
  if (others) return Error{ErrorKind::InvalidInput, folder_of(path) + ": others may write there"};
  if (lstat(path.c_str(), &facts) != 0) return errno == ENOENT ? Status(Ok{}) : trouble(path, errno);
  if (S_ISLNK(facts.st_mode))
    return Error{ErrorKind::InvalidInput, path + " is a link: name the file itself"};
  if (!S_ISREG(facts.st_mode)) return Error{ErrorKind::InvalidInput, path + " is no file"};
  return Ok{};
}

/// Does the name still lead to the file that is open? Who had the lock before us has renamed it.
bool is_still(const std::string &path, const Fd &file) {
  struct stat named = {};
  struct stat open = {};
  return lstat(path.c_str(), &named) == 0 && fstat(file.get(), &open) == 0 && named.st_dev == open.st_dev &&
         named.st_ino == open.st_ino;
}

/// The file that will take the place, alone in our hands. What a killed one left is taken over. Nobody else
/// can open it, so no stranger can hold the lock.
Result<Fd> take_turn(const std::string &path) {
  for (int race = 0; race < kMostRaces; ++race) {
    Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, kPrivate));
    if (!file) return trouble("create " + path, errno);
    while (flock(file.get(), LOCK_EX) != 0)
      if (errno != EINTR) return trouble("lock " + path, errno);
    if (!is_still(path, file)) continue;
    if (fchmod(file.get(), kPrivate) != 0) return trouble("protect " + path, errno);
    return file;
  }
  return Error{ErrorKind::Busy, path + " is replaced all the time"};
}

/// `text`: what the program said; its last line says why it failed.
Error failure_of(const Finished &keygen) {
  std::string text = keygen.said;
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  text.erase(0, text.rfind('\n') + 1);
  const bool full = text.find("No space left") != std::string::npos;
  return {full ? ErrorKind::StorageFull : ErrorKind::Io,
          "ssh-keygen failed: " + (text.empty() ? "status " + std::to_string(keygen.status) : text)};
}

/// What ssh-keygen says of a list: nullopt if it is none.
Result<std::optional<std::uint64_t>> version_of(const std::string &path) {
  constexpr std::string_view kTag = "# KRL version ";
  const Finished told = TRY(run_program({kKeygen, {"-Q", "-l", "-f", path}}));
  const std::size_t at = told.said.find(kTag);
  if (told.status != 0 || at == std::string::npos) return std::optional<std::uint64_t>();
  std::uint64_t version = 0;
  const char *begin = told.said.data() + at + kTag.size();
  const auto [end, problem] = std::from_chars(begin, told.said.data() + told.said.size(), version);
  return problem == std::errc() && end != begin ? std::optional(version) : std::nullopt;
}

/// The time, unless the clock was set back.
Result<std::uint64_t> next_version(const std::string &path) {
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(time_now(), 1));
  if (access(path.c_str(), F_OK) != 0) return now;
  const std::optional<std::uint64_t> before = TRY(version_of(path));
  return std::max(now, before.value_or(0) + 1);
}

}  // namespace

namespace {

/// Has it been somebody's, or is it root who says so?
bool is_theirs(const CredentialRecord &record) {
  constexpr std::string_view kAttested[] = {"self", "untrusted", "trusted"};
  return record.last_used || record.changed_by == 0 ||
         std::ranges::find(kAttested, record.attestation) != std::end(kAttested);
}

}  // namespace

Result<RevokedKeys> revoked_keys(const CredentialList &all) {
  if (all.unreadable > 0)
    return Error{ErrorKind::Malformed, "some of the passkeys that the service told of could not be read"};
  std::set<std::string> active;
  std::map<std::string, bool> refused;  ///< true: it has been somebody's
  for (const CredentialRecord &each : all.records) {
    if (each.way != "ssh") continue;
    const Result<ssh::Key> key = ssh::key_from_line(each.ssh_key);
    if (!key)
      return Error{ErrorKind::Malformed, "the SSH key " + each.id + " that the service told of is none"};
    std::string line = ssh::line_of(key.value());
    if (each.state == "active")
      active.insert(std::move(line));
    else if (bool &theirs = refused[std::move(line)]; !theirs)
      theirs = is_theirs(each);
  }
  RevokedKeys keys;
  for (const auto &[line, theirs] : refused)
    if (active.contains(line))
      ++keys.in_use;
    else if (!theirs)
      ++keys.unproven;
    else
      keys.lines.push_back(line);
  return keys;
}

KrlFile::KrlFile(std::string path, std::string beside, Fd folder, Fd lock)
    : path_(std::move(path)),
      beside_(std::move(beside)),
      folder_(std::move(folder)),
      lock_(std::move(lock)) {}

KrlFile::KrlFile(KrlFile &&other) noexcept
    : path_(std::move(other.path_)),
      beside_(std::exchange(other.beside_, {})),
      folder_(std::move(other.folder_)),
      lock_(std::move(other.lock_)) {}

KrlFile::~KrlFile() {
  if (!beside_.empty()) unlink(beside_.c_str());
}

Result<KrlFile> KrlFile::begin(const std::string &path) {
  TRY(check_place(path));
  Fd folder(open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return trouble(folder_of(path), errno);
  std::string beside = path + ".new";
  Fd lock = TRY(take_turn(beside));
  return KrlFile(path, std::move(beside), std::move(folder), std::move(lock));
}

Result<std::uint64_t> KrlFile::replace(const std::vector<std::string> &lines) {
  std::string wanted;
  for (const std::string &line : lines) wanted += "key: " + line + "\n";
  const std::uint64_t version = TRY(next_version(path_));
  const Finished made = TRY(run_program(
      {kKeygen, {"-q", "-k", "-z", std::to_string(version), "-f", beside_, "-"}, Talk::Nobody, wanted}));
  if (made.status != 0) return failure_of(made);
  // Read back before anything depends on it: whatever went wrong unnoticed, sshd shall not be the first to
  // see.
  const std::optional<std::uint64_t> read_back = TRY(version_of(beside_));
  if (read_back != version || !is_still(beside_, lock_))
    return Error{ErrorKind::Io, beside_ + " did not become a list of revoked keys"};
  if (fchmod(lock_.get(), kForSshd) != 0 || fsync(lock_.get()) != 0)
    return trouble("write " + beside_, errno);
  if (rename(beside_.c_str(), path_.c_str()) != 0) return trouble("replace " + path_, errno);
  beside_.clear();
  if (fsync(folder_.get()) != 0) return trouble("write " + folder_of(path_), errno);
  return version;
}

namespace {

/// What could not be done about a file, in our own words: those for the service's troubles do not fit.
ExitCode complain(const Error &error) {
  if (error.kind == ErrorKind::InvalidInput) return misused(error);
  std::fprintf(stderr, "passkeyctl: %s\n", printable(error.sentence, 512).c_str());
  return error.kind == ErrorKind::NotAllowed ? ExitCode::NotAllowed : ExitCode::Unavailable;
}

ExitCode write_list(Bus &bus, const std::string &path, Patience &patience) {
  Result<KrlFile> file = KrlFile::begin(path);
  if (!file) return complain(file.error());
  const Result<CredentialList> all = list_all_credentials(bus, patience);
  if (!all) return report(all.error());
  const Result<RevokedKeys> keys = revoked_keys(all.value());
  if (!keys) return complain(keys.error());
  const Result<std::uint64_t> version = file->replace(keys->lines);
  if (!version) return complain(version.error());
  std::printf("%s: %zu SSH %s revoked, version %llu.\n", printable(path, 4096).c_str(), keys->lines.size(),
              keys->lines.size() == 1 ? "key" : "keys", static_cast<unsigned long long>(version.value()));
  if (keys->in_use > 0)
    std::fprintf(
        stderr,
        "%zu more %s revoked for one account and in use for another: sshd would refuse %s to both, so "
        "that is left to AuthorizedKeysCommand.\n",
        keys->in_use, keys->in_use == 1 ? "is" : "are", keys->in_use == 1 ? "it" : "them");
  if (keys->unproven > 0)
    std::fprintf(stderr,
                 "%zu more %s never used here, and may be anybody's: revoke as root what is to be in the "
                 "list.\n",
                 keys->unproven, keys->unproven == 1 ? "was" : "were");
  return ExitCode::Ok;
}

}  // namespace

Run declare_ssh_krl(CLI::App &command) {
  const auto path = std::make_shared<std::string>();
  command.add_option("FILE", *path, "What RevokedKeys in sshd_config names; it is replaced in one step")
      ->required()
      ->check([](const std::string &text) { return text.empty() ? "is no name of a file" : ""; });
  return [path] {
    return with_authority(Patience(std::chrono::minutes(5)),
                          [&](Bus &bus, Patience &patience) { return write_list(bus, *path, patience); });
  };
}

}  // namespace passkeyd::cli
