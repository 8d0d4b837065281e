/// passkeyctl enroll --ssh: reading the files, asking the service, and what to say then.
#include "cli/ssh_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "cli/describe.h"
#include "cli/doctor/sshd_settings.h"
#include "cli/face.h"
#include "cli/json.h"
#include "cli/target.h"
#include "cli/user_option.h"
#include "client/account_check.h"
#include "client/printable.h"
#include "client/ssh.h"
#include "ssh/key.h"

namespace passkeyd::cli {
namespace {

constexpr std::size_t kMaxFile = 16UL * 1024;  ///< a key file with comments; longer ones are not read
constexpr std::string_view kPrivateKey = "-----BEGIN ";

Error unreadable(const std::string &path, int number) {
  Error error = errno_error(path, number);
  if (number == ENOENT || number == ENOTDIR) error.kind = ErrorKind::NotFound;
  if (number == EACCES || number == EPERM) error.kind = ErrorKind::NotAllowed;
  return error;
}

Error wrong(const std::string &path, const char *what) {
  return {ErrorKind::InvalidInput, (path == "-" ? "standard input" : path) + what};
}

Result<Bytes> read_all(int file, const std::string &path, std::size_t most) {
  Bytes all;
  std::array<std::uint8_t, 4096> piece{};
  for (;;) {
    const ssize_t got = read(file, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path, errno);
    if (got == 0) return all;
    all.insert(all.end(), piece.begin(), piece.begin() + got);
    if (all.size() > most) return wrong(path, " is too large");
  }
}

/// Lines that say something: not empty, no comments.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (!line.empty() && line.front() != '#') lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Bytes of the files named by `files`, none where none are.
Status read_attestation(const SshKeyFiles &files, SshKeyRequest &request) {
  if (files.attestation.empty()) return Ok{};
  request.attestation = TRY(read_small_file(files.attestation, kMaxAttestation));
  request.challenge = TRY(read_small_file(files.challenge, kMaxAttestation));
  return Ok{};
}

Result<SshdSettings> sshd_here() {
  Machine machine;
  machine.sshd_settings = Machine::system_sshd_settings;
  return SshdSettings::of(machine);
}

/// What is wrong with a file, in our own words.
ExitCode complain(const Error &error) {
  std::fprintf(stderr, "passkeyctl: %s\n", printable(error.sentence, 512).c_str());
  return ExitCode::Usage;
}

void announce(const CredentialRecord &record, const std::string &line) {
  std::printf("The SSH key %s is enrolled: %s.\nFingerprint: %s\n", label_of(record).c_str(),
              protection_of(record).c_str(), fingerprint_of(line).c_str());
}

/// Codes are what is left when the security key is not at hand.
void advise_about_codes(Bus &bus, const UserName &user, Patience &patience) {
  const std::string whose = option_for(user);
  if (getuid() != 0 && !whose.empty()) return;  // it would be asked about
  const Result<AccountState> state = check_account(bus, user, patience);
  if (state && state->codes_left == 0U)
    std::fprintf(stderr, "This account has no backup codes. They are made with: passkeyctl backup-codes%s\n",
                 whose.c_str());
}

}  // namespace

Result<Bytes> read_small_file(const std::string &path, std::size_t most) {
  // O_NONBLOCK: a pipe under that name must not keep us waiting.
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return unreadable(path, errno);
  struct stat facts = {};
  if (fstat(file.get(), &facts) != 0) return unreadable(path, errno);
  if (!S_ISREG(facts.st_mode)) return wrong(path, " is no file");
  return read_all(file.get(), path, most);
}

Result<std::string> read_public_key(const std::string &path) {
  const Bytes bytes =
      TRY(path == "-" ? read_all(STDIN_FILENO, path, kMaxFile) : read_small_file(path, kMaxFile));
  const std::string text(bytes.begin(), bytes.end());
  const std::vector<std::string_view> lines = lines_of(text);
  if (lines.empty()) return wrong(path, " is empty");
  if (lines.front().starts_with(kPrivateKey))
    return wrong(path, " is the private part of a key; the public one is beside it and ends in .pub");
  if (lines.size() > 1) return wrong(path, " has several keys; give one at a time");
  const Result<ssh::Key> key = ssh::key_from_line(lines.front());
  if (!key) return Error{key.error().kind, (path == "-" ? "" : path + ": ") + key.error().sentence};
  return std::string(lines.front());
}

ExitCode refuse_ssh_key(const Error &error) {
  if (error.kind != ErrorKind::AlreadyExists && error.kind != ErrorKind::Unsupported) return report(error);
  std::fprintf(stderr, "passkeyctl: %s (%s)\n",
               error.kind == ErrorKind::AlreadyExists
                   ? "This SSH key is enrolled already, or the name is taken."
                   : "Only SSH keys that live in a security key can be enrolled.",
               printable(error.sentence, 512).c_str());
  return ExitCode::Unavailable;
}

std::string fingerprint_of(const std::string &line) {
  const Result<ssh::Key> key = ssh::key_from_line(line);
  return key ? ssh::fingerprint(key.value()) : "";
}

void advise_about_sshd() {
  const Result<SshdSettings> settings = sshd_here();
  if (settings && !settings->our_command().empty()) return;
  if (!settings && settings.error().kind != ErrorKind::NotFound)
    return;  // not to be seen: nothing is claimed
  std::fprintf(
      stderr,
      "sshd on this computer does not ask for it yet. An administrator sets that up: the lines are in "
      "%s, and passkeyctl doctor looks whether they work.\n",
      SshdSettings::kSnippet);
}

void advise_about_revoked_keys() {
  const Result<SshdSettings> settings = sshd_here();
  if (!settings || settings->revoked_keys().empty()) return;
  std::fprintf(stderr, "sshd's own list of revoked keys does not have it yet: passkeyctl ssh-krl %s\n",
               printable(settings->revoked_keys(), 512).c_str());
}

ExitCode enroll_ssh_key(const UserName &user, const SshKeyFiles &files) {
  Result<std::string> line = read_public_key(files.key);
  if (!line) return complain(line.error());
  SshKeyRequest request{user, std::move(line).value(), files.name};
  if (const Status read = read_attestation(files, request); !read) return complain(read.error());
  return with_authority(Patience(std::chrono::minutes(10)), [&](Bus &bus, Patience &patience) {
    const Result<CredentialRecord> added = add_ssh_key(bus, request, patience);
    if (!added) return refuse_ssh_key(added.error());
    if (files.json)
      print_json(json_of(added.value()));
    else
      announce(added.value(), request.line);
    std::fflush(stdout);
    advise_about_sshd();
    advise_about_codes(bus, user, patience);
    return ExitCode::Ok;
  });
}

}  // namespace passkeyd::cli
