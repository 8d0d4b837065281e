/// What the ledger's tests share: a directory that goes away, a sample credential, moments, and a second look
/// at the file with plain SQLite.
#pragma once

#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "ledger/ledger.h"
#include "tests/check.h"

namespace passkeyd::test {

/// Where tests that write very much and need no real disk put their files.
inline std::filesystem::path memory_directory() {
  const std::filesystem::path shared = "/dev/shm";
  return access(shared.c_str(), W_OK) == 0 ? shared : std::filesystem::temp_directory_path();
}

class TempDir {
 public:
  explicit TempDir(const std::filesystem::path &under = std::filesystem::temp_directory_path()) {
    std::string name = under / "passkeyd-ledger-XXXXXX";
    CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TempDir(const TempDir &) = delete;
  TempDir &operator=(const TempDir &) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string &path() const { return path_; }
  [[nodiscard]] std::string ledger() const { return path_ + "/ledger.db"; }

 private:
  std::string path_;
};

inline constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

/// `after` the first moment, in the boot called `boot_id`.
inline Moment moment(std::chrono::nanoseconds after = {}, const char *boot_id = "boot-1") {
  return {kNow + std::chrono::floor<std::chrono::seconds>(after), std::chrono::hours(1) + after, boot_id};
}

inline const Actor kAdmin{.uid = 1000, .pid = 77, .what = "passkeyctl"};

inline Account account(const char *name = "alice", uid_t uid = 1000) {
  return {MUST(UserName::parse(name)), uid};
}

/// A credential as an enrollment makes it. `mark` makes its id and its name.
inline Credential sample(std::uint8_t mark = 1, const Account &owner = account(), Way way = Way::Usb) {
  return {.row = 0,
          .id = Bytes(32, mark),
          .key = {Algorithm::Es256, Bytes(77, mark)},
          .rp_id = MUST(RpId::parse("workstation")),
          .owner = owner,
          .way = way,
          .aaguid = {1, 2, 3, mark},
          .name = "key " + std::to_string(mark),
          .device = "Example Key",
          .user_verification = true,
          .backup_eligible = true,
          .backed_up = false,
          .counter = 10,
          .max_allow_list = 8,
          .user_handle = Bytes(32, static_cast<std::uint8_t>(mark + 100)),
          .discoverable = way == Way::Usb,
          .platform = way == Way::Tpm ? Bytes(300, mark) : Bytes{},
          .state = CredentialState::Active,
          .created = {},
          .last_used = {}};
}

/// The same of an SSH key.
inline Credential ssh_sample(std::uint8_t mark = 1, const Account &owner = account()) {
  Credential credential = sample(mark, owner, Way::Ssh);
  credential.rp_id = MUST(RpId::of_ssh("ssh:"));
  return credential;
}

inline Attempt attempt_with(const Credential &credential) {
  return {.account = credential.owner,
          .credential = credential,
          .place = Place::Local,
          .caller = {.uid = 0, .pid = 4321, .what = "sudo"},
          .rhost = "",
          .ticket = {}};
}

inline Verification good(std::uint32_t counter) {
  return {.verdict = Verdict::Granted,
          .refusal = Refusal::None,
          .counter = counter,
          .user_verified = true,
          .backed_up = true};
}

/// A set of stored codes. `mark` tells one set from another.
inline std::vector<CodeHash> code_set(const std::string &mark = "first") {
  std::vector<CodeHash> codes;
  for (int number = 1; number <= BackupCode::kCount; ++number)
    codes.push_back({number, "$y$j9T$" + mark + "$" + std::to_string(number)});
  return codes;
}

inline CodeAttempt code_attempt(const Account &who = account(), std::optional<Ticket> ticket = {}) {
  return {.account = who,
          .place = Place::Remote,
          .caller = {.uid = 0, .pid = 4321, .what = "sshd"},
          .rhost = "192.0.2.1",
          .ticket = ticket};
}

/// Metadata of that number, of `count` models; every other one is recalled.
inline Metadata metadata(std::int64_t number, std::uint8_t count) {
  Metadata made{.state = {.number = number, .next_update = "2026-12-01"}, .models = {}};
  for (std::uint8_t mark = 1; mark <= count; ++mark)
    made.models.push_back({.id = Bytes(16, mark),
                           .description = "Model " + std::to_string(mark),
                           .status = mark % 2 ? "REVOKED" : "FIDO_CERTIFIED_L1",
                           .recalled = mark % 2 == 1,
                           .roots = {Bytes{0x30, 1, mark}, Bytes{0x30, 2, mark, 7}}});
  return made;
}

inline TryKey pin_of(const char *user = "alice", Way way = Way::Usb, Place place = Place::Local) {
  return {account(user).name, way, place};
}

/// Plain SQLite on the same file, for what the ledger itself does not let anybody do or see.
class Raw {
 public:
  explicit Raw(const std::string &path) { CHECK(sqlite3_open(path.c_str(), &db_) == SQLITE_OK); }
  Raw(const Raw &) = delete;
  Raw &operator=(const Raw &) = delete;
  ~Raw() { sqlite3_close(db_); }

  /// False if SQLite refuses.
  bool run(const std::string &sql) {
    return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  /// All rows, one a line, columns separated by '|'.
  std::string read(const std::string &sql) {
    std::string lines;
    const auto add = [](void *out, int count, char **values, char **) {
      for (int at = 0; at < count; ++at)
        *static_cast<std::string *>(out) +=
            std::string(at == 0 ? "" : "|") + (values[at] != nullptr ? values[at] : "NULL");
      *static_cast<std::string *>(out) += '\n';
      return 0;
    };
    CHECK(sqlite3_exec(db_, sql.c_str(), add, &lines, nullptr) == SQLITE_OK);
    return lines;
  }
  /// Every row of every table.
  std::string everything() {
    std::string all;
    std::istringstream tables(read("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"));
    for (std::string table; std::getline(tables, table);) {
      std::string columns;
      std::istringstream names(read("SELECT name FROM pragma_table_info('" + table + "')"));
      for (std::string name; std::getline(names, name);)
        columns += (columns.empty() ? "quote(" : ",quote(") + name + ")";
      all += "[" + table + "]\n" + read("SELECT " + columns + " FROM " + table + " ORDER BY 1");
    }
    return all;
  }

 private:
  sqlite3 *db_ = nullptr;
};

inline std::string contents_of(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string &path, const std::string &contents) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << contents;
  CHECK(chmod(path.c_str(), 0600) == 0);
}

/// Makes a ledger file from a dump of tests/ledger_data/.
inline void make_from_dump(const std::string &path, const char *name) {
  const std::string dump = contents_of(std::string(LEDGER_DATA_DIR "/") + name);
  CHECK(!dump.empty());
  Raw raw(path);
  CHECK(raw.run(dump));
  CHECK(raw.read("PRAGMA journal_mode = WAL") == "wal\n");
  CHECK(chmod(path.c_str(), 0600) == 0);
}

/// Runs `body` in a child that dies with us; what a CHECK has to say goes to stderr and becomes exit code 99.
template <class Body>
pid_t start_child(Body body) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(98);
  int code = 99;
  try {
    code = body();
  } catch (const std::exception &error) {
    std::fprintf(stderr, "in a child: %s\n", error.what());
  }
  _exit(code);
}

inline int wait_for(pid_t child) {
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  return status;
}

/// The child's exit code; the test fails if a signal ended it.
template <class Body>
int in_child(Body body) {
  const int status = wait_for(start_child(body));
  CHECK(WIFEXITED(status));
  return WEXITSTATUS(status);
}

}  // namespace passkeyd::test
