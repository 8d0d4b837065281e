/// SSH keys with passkeyctl, against a scripted daemon and with OpenSSH's own ssh-keygen: how they get into
/// the ledger, what is shown of them, and the list of revoked ones that sshd reads.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/check.h"
#include "tests/passkeyctl.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;
namespace fs = std::filesystem;

namespace {

const std::string kRed =
    "sk-ssh-ed25519@openssh.com "
    "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIMncj7gytwnhfrdVgsTAPP3E/aLurs7oDCkS/mbVfd7uAAAABHNzaDo=";
const std::string kRedPrint = "SHA256:E/ThHSZwPnEM1wE8kYUYxUdJMcoLK2DS2ObO14kG8cY";
const std::string kBlue =
    "sk-ssh-ed25519@openssh.com "
    "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIF8YSIcoavMs/ExKJo37ocrf2/aKibkQO0KCkfmsMF0eAAAABHNzaDo=";
const std::string kWork =
    "sk-ecdsa-sha2-nistp256@openssh.com "
    "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBJr3oTbK4L/"
    "VW5IG/fHxMJ5eWygfjedxIVnSrPatufCdFXg983W0RtmBJIWw89auzPSVfu2PrIzko+IYNqdeJngAAAAIc3NoOndvcms=";
/// Of no security key.
const std::string kPlain =
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJr3oTbK4L/"
    "VW5IG/fHxMJ5eWygfjedxIVnSrPatufCdFXg983W0RtmBJIWw89auzPSVfu2PrIzko+IYNqdeJng=";

const std::string kFolder = std::string(kScratch) + "/ssh";
const std::string kPub = kFolder + "/id.pub";
const std::string kKrl = kFolder + "/revoked";

Dictionary ssh_key(const std::string &id, const std::string &line, const std::string &state = "active") {
  return {{"id", id},
          {"user", "alice"},
          {"uid", 1000U},
          {"name", "laptop"},
          {"way", "ssh"},
          {"ssh-key", line},
          {"state", state},
          {"created", std::int64_t{1700000000}},
          {"changed", std::int64_t{1700000120}},
          {"user-verification", true},
          {"attestation", "none"}};
}

Reaction rows(std::vector<Dictionary> all) {
  return append([all = std::move(all)](sd_bus_message *reply) {
    sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (const Dictionary &row : all) append_dictionary(reply, row);
    return sd_bus_message_close_container(reply);
  });
}

Reaction dictionary(const Dictionary &all) {
  return append([all](sd_bus_message *reply) { return append_dictionary(reply, all); });
}

Event adds(const std::string &line, const std::string &more = "") {
  return {"AddSshKey root " + line + more, asks_through_polkit(dictionary(ssh_key("aa11aa11aa", kRed)))};
}

const Event kHasCodes = {"CheckAccount root", dictionary({{"locked", false}, {"codes-left", 3U}})};
const Event kHasNone = {"CheckAccount root", dictionary({{"locked", false}, {"codes-left", 0U}})};

Event lists(std::vector<Dictionary> all) {
  return {"ListAllCredentials", rows(std::move(all))};
}

/// Something else in the place of a file or folder of this machine, while the block runs.
class InPlaceOf {
 public:
  InPlaceOf(std::string path, const std::string &other) : path_(std::move(path)) {
    CHECK(mount(other.c_str(), path_.c_str(), nullptr, MS_BIND, nullptr) == 0);
  }
  ~InPlaceOf() { umount2(path_.c_str(), MNT_DETACH); }
  InPlaceOf(const InPlaceOf &) = delete;
  InPlaceOf &operator=(const InPlaceOf &) = delete;

 private:
  std::string path_;
};

/// A folder as new.
void clear_folder() {
  fs::remove_all(kFolder);
  fs::create_directory(kFolder);
  CHECK(chmod(kFolder.c_str(), 0755) == 0);
}

std::string contents(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
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

/// ssh-keygen is this script instead.
class OtherKeygen {
 public:
  explicit OtherKeygen(const std::string &script) : place_("/usr/bin/ssh-keygen", write(script)) {}

 private:
  static std::string write(const std::string &script) {
    // The real one stays reachable by the shell for what the script leaves to it.
    fs::copy_file("/usr/bin/ssh-keygen", kReal, fs::copy_options::overwrite_existing);
    const std::string path = std::string(kScratch) + "/other-keygen";
    write_file(path, "#!/bin/sh\n" + script + "\n");
    CHECK(chmod(path.c_str(), 0755) == 0);
    return path;
  }
  static inline const std::string kReal = std::string(kScratch) + "/real-keygen";
  InPlaceOf place_;
};

// --- into the ledger
// ------------------------------------------------------------------------------------------

void a_key_is_enrolled_and_said_to_be_what_it_is() {
  const PrivateBus bus;
  clear_folder();
  write_file(kPub, "# made today\n" + kRed + " alice@laptop\n");
  ScriptedDaemon daemon({adds(kRed + " alice@laptop", " name=laptop"), kHasCodes});
  const Ran ran = run({"enroll", "--ssh", kPub, "--name", "laptop"});
  CHECK(ran.status == 0);
  CHECK(says(ran.out, "\"laptop\" (aa11aa11aa)") && says(ran.out, kRedPrint.c_str()));
  CHECK(says(ran.out, "SSH key in a security key, touch and PIN"));
  CHECK(!says(ran.err, "backup codes"));
  daemon.must_be_done();
}

void its_attestation_goes_along_and_standard_input_will_do() {
  const PrivateBus bus;
  clear_folder();
  write_file(kFolder + "/att", "statement");
  write_file(kFolder + "/ch", "random");
  ScriptedDaemon daemon({adds(kRed, " attestation=statement challenge=random"), kHasNone});
  const Ran ran = run(
      {"enroll", "--ssh", "-", "--attestation", kFolder + "/att", "--challenge", kFolder + "/ch", "--json"},
      kRed);
  CHECK(ran.status == 0 && says(ran.err, "passkeyctl backup-codes"));
  const auto told = nlohmann::json::parse(ran.out);
  CHECK(told.at("id") == "aa11aa11aa" && told.at("way") == "ssh" && told.at("ssh_key") == kRed);
  daemon.must_be_done();
}

void what_is_no_such_key_is_told_before_anybody_is_asked() {
  clear_folder();
  const std::pair<std::string, const char *> files[] = {
      {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n", "is the private part"},
      {kRed + "\n" + kBlue + "\n", "has several keys"},
      {"# nothing\n\n", "is empty"},
      {kPlain + "\n", "live in a security key"},
      {"touch-required " + kRed, "no public key"},
      {kRed.substr(0, 60), "no public key"},
      {std::string("\0\1\2", 3), "no public key"},
      {std::string(20000, '#'), "too large"},
  };
  for (const auto &[text, words] : files) {
    write_file(kPub, text);
    const Ran ran = run({"enroll", "--ssh", kPub});
    if (ran.status != 2 || !says(ran.err, words) || !ran.out.empty()) throw Failed(words + ran.err);
  }
  CHECK(says(run({"enroll", "--ssh", kFolder}).err, "is no file"));
  CHECK(says(run({"enroll", "--ssh", kFolder + "/none"}).err, "No such file"));
  CHECK(mkfifo((kFolder + "/pipe").c_str(), 0600) == 0);
  CHECK(says(run({"enroll", "--ssh", kFolder + "/pipe"}).err, "is no file"));
}

void options_that_make_no_sense_together_are_refused() {
  const std::vector<std::string> lines[] = {{"enroll", "--ssh", kPub, "--usb"},
                                            {"enroll", "--ssh", kPub, "--with-ssh-key"},
                                            {"enroll", "--ssh", kPub, "--attestation", kPub},
                                            {"enroll", "--challenge", kPub},
                                            {"enroll", "--tpm", "--with-ssh-key"},
                                            {"ssh-krl"}};
  for (const std::vector<std::string> &line : lines) CHECK(run(line).status == 2);
}

void a_refusal_speaks_of_ssh_keys() {
  const PrivateBus bus;
  clear_folder();
  write_file(kPub, kRed);
  const std::pair<const char *, const char *> all[] = {{"AlreadyExists", "enrolled already"},
                                                       {"Unsupported", "live in a security key"}};
  for (const auto &[name, words] : all) {
    ScriptedDaemon daemon({{"AddSshKey root " + kRed, error(std::string("org.passkeyd1.Error.") + name)}});
    const Ran ran = run({"enroll", "--ssh", kPub});
    CHECK(ran.status == 3 && says(ran.err, words) && ran.out.empty());
    daemon.must_be_done();
  }
}

void whoever_enrolls_a_key_learns_whether_sshd_asks_for_it() {
  clear_folder();
  const std::string other = kFolder + "/etc-ssh";
  fs::create_directory(other);
  const InPlaceOf etc("/etc/ssh", other);
  const std::pair<const char *, bool> all[] = {
      {"UsePAM yes\n", true},
      {"AuthorizedKeysCommand /usr/libexec/passkeyd/passkey-authorized-keys %u\n", false}};
  for (const auto &[text, told] : all) {
    write_file("/etc/ssh/sshd_config", text);
    const PrivateBus bus;
    ScriptedDaemon daemon({adds(kRed), kHasCodes});
    CHECK(says(run({"enroll", "--ssh", "-"}, kRed).err, "/usr/share/passkeyd/sshd.conf") == told);
    daemon.must_be_done();
  }
}

// --- beside a new passkey
// -------------------------------------------------------------------------------------

const Event kBegins = {"BeginEnrollment user=root way=usb", attempt()};
const Event kMade =
    next("", "granted", {{"message", "enrolled"}, {"credential", "cc33cc33cc"}, {"name", "blue"}});

Event made_with(bool verification) {
  return {"ListCredentials root",
          rows({{{"id", "cc33cc33cc"}, {"name", "blue"}, {"user-verification", verification}}})};
}

/// Writes down what it was told, and makes `line`'s key.
std::string keygen_that_makes(const std::string &line) {
  return "echo \"$@\" >" + kFolder + "/told\n" +
         "while [ $# -gt 0 ]; do case $1 in -f) file=$2; shift;; -O) case $2 in write-attestation=*) printf "
         "statement "
         ">${2#*=};; challenge=*) [ $(wc -c <${2#*=}) = 32 ] || exit 1;; esac; shift;; esac; shift; done\n" +
         "echo private >$file; echo '" + line + "' >$file.pub";
}

void a_twin_is_made_by_ssh_keygen_and_enrolled_with_its_attestation() {
  const PrivateBus bus;
  clear_folder();
  const OtherKeygen keygen(keygen_that_makes(kRed));
  ScriptedDaemon daemon({kBegins,
                         kMade,
                         made_with(true),
                         {"AddSshKey root " + kRed + " attestation=statement challenge=*",
                          dictionary(ssh_key("aa11aa11aa", kRed))},
                         made_with(true)});
  const Ran ran = run({"enroll", "--with-ssh-key=" + kFolder + "/twin", "--json"});
  CHECK(ran.status == 0 && says(ran.err, "Touch your security key") && says(ran.err, "is enrolled"));
  const auto told = nlohmann::json::parse(ran.out);
  CHECK(told.at("id") == "cc33cc33cc" && told.at("ssh").at("id") == "aa11aa11aa");
  const std::string asked = contents(kFolder + "/told");
  CHECK(says(asked, "-t ed25519-sk") && says(asked, "-O verify-required"));
  const std::string tag = "challenge=";
  const std::size_t at = asked.find(tag) + tag.size();
  const fs::path challenge = asked.substr(at, asked.find(' ', at) - at);
  CHECK(challenge.is_absolute() && !fs::exists(challenge.parent_path()));
  daemon.must_be_done();
}

void a_twin_is_not_verified_where_the_passkey_is_not_and_its_name_says_whose_it_is() {
  const PrivateBus bus;
  clear_folder();
  const OtherKeygen keygen(keygen_that_makes(kRed));
  const Reaction named = [](sd_bus_message *call) {
    sd_bus_message_rewind(call, 1);
    const char *text = nullptr;
    sd_bus_message_skip(call, "ss");
    sd_bus_message_enter_container(call, 'a', "{sv}");
    while (sd_bus_message_enter_container(call, 'e', "sv") > 0) {
      sd_bus_message_read(call, "s", &text);
      const bool name = std::string(text) == "name";
      if (name) sd_bus_message_read(call, "v", "s", &text);
      if (name && std::string(text) == "blue (SSH)") return dictionary(ssh_key("aa11aa11aa", kRed))(call);
      if (!name) sd_bus_message_skip(call, "v");
      sd_bus_message_exit_container(call);
    }
    return -EINVAL;
  };
  ScriptedDaemon daemon(
      {kBegins, kMade, made_with(false), {"AddSshKey root " + kRed + " *", named}, made_with(false)});
  CHECK(run({"enroll", "--usb", "--with-ssh-key=" + kFolder + "/twin"}).status == 0);
  CHECK(!says(contents(kFolder + "/told"), "verify-required"));
  daemon.must_be_done();
}

void a_security_key_that_knows_no_ed25519_makes_the_other_kind() {
  const PrivateBus bus;
  clear_folder();
  const OtherKeygen keygen(
      "case \"$*\" in *ed25519*) echo 'Key enrollment failed: requested feature not supported' "
      ">&2; exit 255;; esac\n" +
      keygen_that_makes(kWork));
  ScriptedDaemon daemon({kBegins,
                         kMade,
                         made_with(false),
                         {"AddSshKey root " + kWork + " *", dictionary(ssh_key("aa11aa11aa", kWork))},
                         made_with(false)});
  const Ran ran = run({"enroll", "--usb", "--with-ssh-key=" + kFolder + "/twin"});
  CHECK(ran.status == 0 && !says(ran.err, "not supported"));
  CHECK(says(contents(kFolder + "/told"), "-t ecdsa-sk"));
  daemon.must_be_done();
}

void a_twin_that_fails_leaves_the_passkey_and_says_how_to_go_on() {
  const PrivateBus bus;
  clear_folder();
  const std::string file = kFolder + "/twin";
  {
    const OtherKeygen keygen("echo 'Key enrollment failed: device not found' >&2; exit 255");
    ScriptedDaemon daemon({kBegins, kMade, made_with(false), made_with(false)});
    const Ran ran = run({"enroll", "--usb", "--with-ssh-key=" + file});
    CHECK(ran.status == 9 && says(ran.out, "ready to use"));
    CHECK(says(ran.err, "device not found") && says(ran.err, "stays enrolled") &&
          says(ran.err, ("passkeyctl enroll --ssh " + file + ".pub").c_str()));
    daemon.must_be_done();
  }
  const OtherKeygen keygen(keygen_that_makes(kRed));
  ScriptedDaemon daemon({kBegins,
                         kMade,
                         made_with(false),
                         {"AddSshKey root " + kRed + " *", error("org.passkeyd1.Error.NotAttested")},
                         made_with(false)});
  const Ran ran = run({"enroll", "--usb", "--with-ssh-key=" + file});
  CHECK(ran.status == 9 && says(ran.err, "stays enrolled") && says(ran.err, "it is not enrolled") &&
        fs::exists(file));
  daemon.must_be_done();
}

void a_twin_overwrites_nothing_and_is_made_for_nobody_else() {
  clear_folder();
  write_file(kFolder + "/twin.pub", "somebody's");
  const Ran there = run({"enroll", "--usb", "--with-ssh-key=" + kFolder + "/twin"});
  CHECK(there.status == 2 && says(there.err, "exists"));
  const Ran others = run({"enroll", "--usb", "--user", "alice", "--with-ssh-key=" + kFolder + "/new"});
  CHECK(others.status == 2 && says(others.err, "your own account only"));
  CHECK(contents(kFolder + "/twin.pub") == "somebody's");
}

// --- shown and tried
// ------------------------------------------------------------------------------------------

void show_has_the_fingerprint_and_the_line() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"ListCredentials root", rows({ssh_key("aa11aa11aa", kRed)})}});
  const Ran ran = run({"show", "aa11aa11aa"});
  CHECK(says(ran.out, (kRedPrint + "\n").c_str()) && says(ran.out, (kRed + "\n").c_str()));
  daemon.must_be_done();
}

void a_trial_brings_the_agent_of_the_terminal_along() {
  const PrivateBus bus;
  clear_folder();
  const std::string path = kFolder + "/agent";
  const Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  CHECK(bind(listener.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0 &&
        listen(listener.get(), 5) == 0);
  for (const bool there : {true, false}) {
    setenv("SSH_AUTH_SOCK", there ? path.c_str() : (path + "-gone").c_str(), 1);
    ScriptedDaemon daemon(
        {begins(std::string("user=root service=passkeyctl") + (there ? " agent*" : " credential*")),
         next("", "granted", {{"message", "welcome"}})});
    CHECK(run({"test", "aa11aa11aa"}).status == 0);
    daemon.must_be_done();
  }
  unsetenv("SSH_AUTH_SOCK");
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
  CHECK(says(write_krl({}).err, "everybody may write") && !fs::exists(kKrl));
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
  ScriptedDaemon daemon({lists({ssh_key("aa11", kRed, "revoked")})});
  Ran second;
  std::thread waiting([&] { second = run({"ssh-krl", kKrl}); });
  while (!somebody_waits_for(first)) std::this_thread::yield();
  CHECK(!fs::exists(kKrl));
  CHECK(rename((kKrl + ".new").c_str(), kKrl.c_str()) == 0 && flock(first.get(), LOCK_UN) == 0);
  waiting.join();
  CHECK(second.status == 0 && is_revoked(kRed));
  daemon.must_be_done();
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  program = argv[1];
  unsetenv("SSH_AUTH_SOCK");
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(a_key_is_enrolled_and_said_to_be_what_it_is),
      TEST(its_attestation_goes_along_and_standard_input_will_do),
      TEST(what_is_no_such_key_is_told_before_anybody_is_asked),
      TEST(options_that_make_no_sense_together_are_refused),
      TEST(a_refusal_speaks_of_ssh_keys),
      TEST(whoever_enrolls_a_key_learns_whether_sshd_asks_for_it),
      TEST(a_twin_is_made_by_ssh_keygen_and_enrolled_with_its_attestation),
      TEST(a_twin_is_not_verified_where_the_passkey_is_not_and_its_name_says_whose_it_is),
      TEST(a_security_key_that_knows_no_ed25519_makes_the_other_kind),
      TEST(a_twin_that_fails_leaves_the_passkey_and_says_how_to_go_on),
      TEST(a_twin_overwrites_nothing_and_is_made_for_nobody_else),
      TEST(show_has_the_fingerprint_and_the_line),
      TEST(a_trial_brings_the_agent_of_the_terminal_along),
      TEST(what_is_revoked_or_suspended_is_in_the_list_and_nothing_else),
      TEST(a_key_that_somebody_still_uses_is_left_to_the_service),
      TEST(an_empty_list_is_one_too_and_each_is_newer_than_the_last),
      TEST(whatever_fails_leaves_the_list_that_was),
      TEST(a_full_disk_leaves_the_list_that_was),
      TEST(being_killed_in_the_middle_leaves_the_list_that_was_and_the_next_one_works),
      TEST(a_list_is_not_written_where_somebody_else_could_replace_it),
      TEST(who_comes_second_waits_and_asks_anew),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
