/// Running ssh-keygen, and handing over what it made.
#include "cli/ssh_twin.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "cli/program.h"
#include "cli/ssh_key.h"
#include "cli/target.h"
#include "cli/user_option.h"
#include "client/printable.h"
#include "client/ssh.h"
#include "client/upkeep.h"
#include "common/random.h"

namespace passkeyd::cli {
namespace {

constexpr const char *kTypes[] = {"ed25519-sk", "ecdsa-sk"};
/// What ssh-keygen says of a security key that does not know the type (ssherr.c).
constexpr const char *kUnsupported = "requested feature not supported";
constexpr std::chrono::minutes kMost{4};  ///< three PINs and as many touches
constexpr std::string_view kSuffix = " (SSH)";

/// A folder that nobody else can look into, gone with all that is in it.
class PrivateFolder {
 public:
  static Result<PrivateFolder> make() {
    std::string path = "/tmp/passkeyctl.XXXXXX";
    if (mkdtemp(path.data()) == nullptr) return errno_error("create a folder in /tmp", errno);
    return PrivateFolder(std::move(path));
  }
  PrivateFolder(PrivateFolder &&other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateFolder &operator=(PrivateFolder &&) = delete;
  ~PrivateFolder() {
    if (path_.empty()) return;
    unlink(challenge().c_str());
    unlink(attestation().c_str());
    rmdir(path_.c_str());
  }

  [[nodiscard]] std::string challenge() const { return path_ + "/challenge"; }
  [[nodiscard]] std::string attestation() const { return path_ + "/attestation"; }

 private:
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

Status write_challenge(const std::string &path) {
  const Bytes random = TRY(random_bytes(32));
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file || write(file.get(), random.data(), random.size()) != static_cast<ssize_t>(random.size()))
    return errno_error("write " + path, errno);
  return Ok{};
}

/// Is the person verified with the new passkey? Then the same shall hold for its twin.
Result<bool> verifies(Bus &bus, const UserName &user, const Details &enrolled, Patience &patience) {
  const CredentialList list = TRY(list_credentials(bus, user, patience));
  const CredentialRecord found = TRY(find_credential(list, enrolled.credential));
  return found.user_verification;
}

Program keygen_for(const char *type, const TwinOrder &order, const PrivateFolder &folder, bool verify) {
  Program program{kKeygen, {"-q", "-t", type, "-N", "", "-f", order.file}};
  std::vector<std::string> &words = program.arguments;
  const auto add = [&](const std::string &option) { words.insert(words.end(), {"-O", option}); };
  add("challenge=" + folder.challenge());
  add("write-attestation=" + folder.attestation());
  if (verify) add("verify-required");
  if (!order.device.empty()) add("device=" + order.device);
  program.talk = order.by_lines ? Talk::Standard : Talk::Person;
  program.most = kMost;
  program.unsaid = kUnsupported;
  return program;
}

/// With the first type that the security key knows.
Status run_keygen(const TwinOrder &order, const PrivateFolder &folder, bool verify) {
  for (const char *type : kTypes) {
    const Finished made = TRY(run_program(keygen_for(type, order, folder, verify)));
    if (made.status == 0) return Ok{};
    if (made.said.find(kUnsupported) == std::string::npos)
      return Error{ErrorKind::Cancelled, "ssh-keygen made no key"};
  }
  return Error{ErrorKind::Unsupported, "the security key makes no SSH keys"};
}

/// After a name as long as there is room for.
std::string name_of_twin(const Details &enrolled) {
  const std::string name = enrolled.name.empty() ? enrolled.device : enrolled.name;
  return printable(name, kMaxPasskeyName - kSuffix.size()) + std::string(kSuffix);
}

Result<CredentialRecord> hand_over(Bus &bus, const UserName &user, const Details &enrolled,
                                   const TwinOrder &order, const PrivateFolder &folder, Patience &patience) {
  std::string line = TRY(read_public_key(order.file + ".pub"));
  Bytes attestation = TRY(read_small_file(folder.attestation(), kMaxAttestation));
  Bytes challenge = TRY(read_small_file(folder.challenge(), kMaxAttestation));
  SshKeyRequest request{user, std::move(line), name_of_twin(enrolled)};
  request.attestation = std::move(attestation);
  request.challenge = std::move(challenge);
  return add_ssh_key(bus, request, patience);
}

void cue(const Details &enrolled) {
  const std::string device = enrolled.device.empty() ? "security key" : enrolled.device;
  std::fprintf(
      stderr, "Now the SSH key, made by ssh-keygen on the same security key. Touch your %s when it blinks.\n",
      device.c_str());
}

void not_made(const Error &error, const TwinOrder &order) {
  const std::string file = printable(order.file, 512);
  std::fprintf(stderr,
               "passkeyctl: No SSH key was made (%s). The passkey stays enrolled. Make one later with:\n"
               "  ssh-keygen -t ed25519-sk -f %s\n  passkeyctl enroll --ssh %s.pub\n",
               printable(error.sentence, 512).c_str(), file.c_str(), file.c_str());
}

void not_enrolled(const Error &error, const TwinOrder &order) {
  const std::string file = printable(order.file, 512);
  refuse_ssh_key(error);
  std::fprintf(
      stderr,
      "The passkey stays enrolled. The SSH key is in %s, but it is not enrolled. Do that later with:\n"
      "  passkeyctl enroll --ssh %s.pub\n",
      file.c_str(), file.c_str());
}

}  // namespace

Result<std::string> default_twin_file() {
  const passwd *own = getpwuid(getuid());  // the only thread, and used at once
  if (own == nullptr || own->pw_dir == nullptr || own->pw_dir[0] != '/')
    return Error{ErrorKind::NotFound, "you have no home folder here; name a file for the SSH key"};
  return std::string(own->pw_dir).append(kDefaultTwin + 1);  // without the "~"
}

Status may_make_twin(const UserName &user, const TwinOrder &order) {
  if (!option_for(user).empty())
    return Error{ErrorKind::InvalidInput,
                 "an SSH key is made by its owner: --with-ssh-key is for your own account only"};
  for (const std::string &file : {order.file, order.file + ".pub"})
    if (access(file.c_str(), F_OK) == 0)
      return Error{ErrorKind::InvalidInput, file + " exists: give another name with --with-ssh-key=FILE"};
  return Ok{};
}

std::optional<CredentialRecord> make_twin(Bus &bus, const UserName &user, const Details &enrolled,
                                          const TwinOrder &order, Patience &patience) {
  const auto made = [&]() -> Result<PrivateFolder> {
    const bool verify = TRY(verifies(bus, user, enrolled, patience));
    PrivateFolder folder = TRY(PrivateFolder::make());
    TRY(write_challenge(folder.challenge()));
    cue(enrolled);
    TRY(run_keygen(order, folder, verify));
    return folder;
  };
  const Result<PrivateFolder> folder = made();
  if (!folder) return not_made(folder.error(), order), std::nullopt;
  Result<CredentialRecord> twin = hand_over(bus, user, enrolled, order, folder.value(), patience);
  if (!twin) return not_enrolled(twin.error(), order), std::nullopt;
  std::fprintf(stderr,
               "The SSH key %s is enrolled. Its file is %s; it is of use only with the security key.\n",
               label_of(twin.value()).c_str(), printable(order.file, 512).c_str());
  advise_about_sshd();
  return std::move(twin).value();
}

}  // namespace passkeyd::cli
