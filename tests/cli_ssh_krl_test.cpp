/// The list of revoked SSH keys that sshd reads, written by passkeyctl with OpenSSH's own ssh-keygen: what is
/// in it, and that whatever fails leaves the one that was.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "tests/cli_ssh_kit.h"
#include "tests/passkeyctl.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

const std::string kKrl = kFolder + "/revoked";

Event lists(std::vector<Dictionary> all) {
  return {"ListAllCredentials", rows(std::move(all))};
}

/// What a shell says; its exit status in `status`.
std::string shell(const std::string &line, int *status = nullptr) {
  std::FILE *pipe = popen((line + " 2>&1").c_str(), "re");
  CHECK(pipe != nullptr);
  std::string said;
  char piece[512];
  while (std::fgets(piece, sizeof piece, pipe) != nullptr) said += piece;
  const int ended = pclose(pipe);
  if (status != nullptr) *status = WEXITSTATUS(ended);
  return said;
}

bool is_revoked(const std::string &line) {
  write_file(kFolder + "/asked.pub", line + "\n");
  int status = 0;
  const std::string said = shell("ssh-keygen -Q -f " + kKrl + " " + kFolder + "/asked.pub", &status);
  CHECK(status == 0 || says(said, "REVOKED"));
  return status != 0;
}

unsigned long long version() {
  const std::string said = shell("ssh-keygen -Q -l -f " + kKrl);
  const std::string tag = "# KRL version ";
  const std::size_t at = said.find(tag);
  if (at == std::string::npos) throw Failed("no list: " + said);
  return std::stoull(said.substr(at + tag.size()));
}

/// With the list that everybody's keys give.
Ran write_krl(const std::vector<Dictionary> &all) {
  const PrivateBus bus;
  ScriptedDaemon daemon({lists(all)});
  return run({"ssh-krl", kKrl});
}

// --- revoked
// --------------------------------------------------------------------------------------------------

void what_is_revoked_or_suspended_is_in_the_list_and_nothing_else() {
  clear_folder();
  const Ran ran = write_krl({ssh_key("aa11", kRed, "revoked"),
                             ssh_key("bb22", kBlue),
                             ssh_key("cc33", kWork, "suspended"),
                             {{"id", "dd44"}, {"way", "usb"}, {"state", "revoked"}}});
  CHECK(ran.status == 0 && says(ran.out, "2 SSH keys revoked") && ran.err.empty());
  CHECK(is_revoked(kRed) && is_revoked(kWork) && !is_revoked(kBlue));
  struct stat facts = {};
  CHECK(stat(kKrl.c_str(), &facts) == 0 && (facts.st_mode & 07777) == 0644 && !fs::exists(kKrl + ".new"));
}

void a_key_that_somebody_still_uses_is_left_to_the_service() {
  clear_folder();
  const Ran ran = write_krl({ssh_key("aa11", kRed, "revoked"), ssh_key("bb22", kRed)});
  CHECK(ran.status == 0 && says(ran.err, "AuthorizedKeysCommand") && !is_revoked(kRed));
}

void a_key_that_was_never_anybodys_is_left_out_unless_root_says_so() {
  clear_folder();
  Dictionary strange = ssh_key("aa11", kRed, "revoked");
  std::erase_if(strange, [](const auto &entry) { return std::string_view(entry.first) == "last-used"; });
  const Ran ran = write_krl({strange});
  CHECK(ran.status == 0 && says(ran.err, "never used here") && !is_revoked(kRed));
  Dictionary attested = strange;
  for (auto &[key, value] : attested)
    if (std::string_view(key) == "attestation") value = "self";
  CHECK(write_krl({attested}).status == 0 && is_revoked(kRed));
  strange.push_back({"changed-by", 0U});
  CHECK(write_krl({strange}).status == 0 && is_revoked(kRed));
}

void an_empty_list_is_one_too_and_each_is_newer_than_the_last() {
  clear_folder();
  CHECK(write_krl({}).status == 0 && !is_revoked(kRed));
  const auto first = version();
  CHECK(write_krl({ssh_key("aa11", kRed, "revoked")}).status == 0);
  CHECK(version() > first && is_revoked(kRed));
  // Whatever the clock says.
  shell("ssh-keygen -q -k -z 99999999999 -f " + kKrl);
  CHECK(write_krl({}).status == 0 && version() == 100000000000);
  write_file(kKrl, "no list at all");
  CHECK(write_krl({}).status == 0 && !is_revoked(kRed));
}

/// Every way to fail leaves what was there.
void must_stay_as_it_was(const Ran &ran, const std::string &before) {
  if (ran.status == 0 || contents(kKrl) != before || fs::exists(kKrl + ".new"))
    throw Failed(std::to_string(ran.status) + ": " + ran.err);
}

void whatever_fails_leaves_the_list_that_was() {
  clear_folder();
  CHECK(write_krl({ssh_key("aa11", kRed, "revoked")}).status == 0);
  const std::string before = contents(kKrl);
  const std::vector<Dictionary> other = {ssh_key("aa11", kBlue, "revoked")};
  {
    const OtherKeygen keygen("echo 'no entropy today' >&2; exit 1");
    const Ran ran = write_krl(other);
    must_stay_as_it_was(ran, before);
    CHECK(says(ran.err, "no entropy today"));
  }
  {  // says that all is well, and has written half of it
    const OtherKeygen keygen(
        "case $1 in -Q) exec /run/test/real-keygen \"$@\";; esac\n"
        "while [ \"$1\" != -f ]; do shift; done; printf SSHKRL >$2");
    must_stay_as_it_was(write_krl(other), before);
  }
  // What the service says makes no sense, or not all of it; or nothing comes.
  must_stay_as_it_was(write_krl({ssh_key("aa11", "sk-nonsense AAAA", "revoked")}), before);
  must_stay_as_it_was(write_krl({ssh_key("aa11", kBlue, "revoked"), {{"id", "bb22"}, {"way", 7U}}}), before);
  must_stay_as_it_was(run({"ssh-krl", kKrl}), before);
}

void a_full_disk_leaves_the_list_that_was() {
  clear_folder();
  CHECK(mount("tmpfs", kFolder.c_str(), "tmpfs", 0, "size=16k,mode=755") == 0);
  CHECK(write_krl({}).status == 0);
  const std::string before = contents(kKrl);
  std::ofstream(kFolder + "/fill") << std::string(64UL * 1024, 'x');
  const Ran ran = write_krl({ssh_key("aa11", kRed, "revoked")});
  must_stay_as_it_was(ran, before);
  CHECK(says(ran.err, "No space left"));
  CHECK(mount("none", kFolder.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  must_stay_as_it_was(write_krl({ssh_key("aa11", kRed, "revoked")}), before);
  CHECK(umount(kFolder.c_str()) == 0);
}

void being_killed_in_the_middle_leaves_the_list_that_was_and_the_next_one_works() {
  clear_folder();
  CHECK(write_krl({ssh_key("aa11", kRed, "revoked")}).status == 0);
  const std::string before = contents(kKrl);
  {
    const OtherKeygen keygen(
        "case $1 in -Q) exec /run/test/real-keygen \"$@\";; esac\n"
        "while [ \"$1\" != -f ]; do shift; done; printf SSHKRL >$2; kill -KILL $PPID");
    CHECK(write_krl({ssh_key("bb22", kBlue, "revoked")}).status == 128 + SIGKILL);
    CHECK(contents(kKrl) == before && fs::exists(kKrl + ".new"));
  }
  CHECK(write_krl({ssh_key("bb22", kBlue, "revoked")}).status == 0 && is_revoked(kBlue));
}

void a_list_is_not_written_where_somebody_else_could_replace_it() {
  clear_folder();
  const std::string target = kFolder + "/target";
  write_file(target, "precious");
  fs::create_symlink(target, kKrl);
  CHECK(says(write_krl({}).err, "is a link") && contents(target) == "precious");
  fs::remove(kKrl);
  fs::create_directory(kKrl);
  CHECK(says(write_krl({}).err, "is no file"));
  fs::remove(kKrl);
  fs::create_symlink(target, kKrl + ".new");
  CHECK(write_krl({}).status != 0 && contents(target) == "precious");
  fs::remove(kKrl + ".new");
  CHECK(chmod(kFolder.c_str(), 01777) == 0);
  CHECK(says(write_krl({}).err, "others may write") && !fs::exists(kKrl));
}

/// proc_locks(5): a line with an arrow, and the file's inode.
bool somebody_waits_for(const Fd &file) {
  struct stat facts = {};
  CHECK(fstat(file.get(), &facts) == 0);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);)
    if (says(line, "-> FLOCK") && says(line, (":" + std::to_string(facts.st_ino) + " ").c_str())) return true;
  return false;
}

/// The ledger is asked only once it is one's turn: otherwise an older list could replace a newer one.
void who_comes_second_waits_and_asks_anew() {
  clear_folder();
  const Fd first(open((kKrl + ".new").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  CHECK(flock(first.get(), LOCK_EX) == 0);
  const PrivateBus bus;
  const Reaction told = rows({ssh_key("aa11", kRed, "revoked")});
  const Reaction early = error("org.passkeyd1.Error.Busy");
  ScriptedDaemon daemon({{"ListAllCredentials",
                          [&](sd_bus_message *call) { return (fs::exists(kKrl) ? told : early)(call); }}});
  Ran second;
  std::atomic<bool> ended = false;
  std::thread waiting([&] {
    second = run({"ssh-krl", kKrl});
    ended = true;
  });
  while (!ended && !somebody_waits_for(first)) std::this_thread::yield();
  const bool renamed = rename((kKrl + ".new").c_str(), kKrl.c_str()) == 0;
  const bool unlocked = flock(first.get(), LOCK_UN) == 0;
  waiting.join();
  CHECK(renamed && unlocked && second.status == 0 && is_revoked(kRed));
  daemon.must_be_done();
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  program = argv[1];
  unsetenv("SSH_AUTH_SOCK");
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(what_is_revoked_or_suspended_is_in_the_list_and_nothing_else),
      TEST(a_key_that_somebody_still_uses_is_left_to_the_service),
      TEST(a_key_that_was_never_anybodys_is_left_out_unless_root_says_so),
      TEST(an_empty_list_is_one_too_and_each_is_newer_than_the_last),
      TEST(whatever_fails_leaves_the_list_that_was),
      TEST(a_full_disk_leaves_the_list_that_was),
      TEST(being_killed_in_the_middle_leaves_the_list_that_was_and_the_next_one_works),
      TEST(a_list_is_not_written_where_somebody_else_could_replace_it),
      TEST(who_comes_second_waits_and_asks_anew),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
