/// SSH keys with passkeyctl, against a scripted daemon: how they get into the ledger, alone or beside a new
/// passkey, and what is shown of them.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/cli_ssh_kit.h"
#include "tests/passkeyctl.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

const std::string kRedPrint = "SHA256:E/ThHSZwPnEM1wE8kYUYxUdJMcoLK2DS2ObO14kG8cY";
/// Of no security key.
const std::string kPlain =
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJr3oTbK4L/"
    "VW5IG/fHxMJ5eWygfjedxIVnSrPatufCdFXg983W0RtmBJIWw89auzPSVfu2PrIzko+IYNqdeJng=";

const std::string kPub = kFolder + "/id.pub";

Reaction dictionary(const Dictionary &all) {
  return append([all](sd_bus_message *reply) { return append_dictionary(reply, all); });
}

Event adds(const std::string &line, const std::string &more = "") {
  return {"AddSshKey root " + line + more, asks_through_polkit(dictionary(ssh_key("aa11aa11aa", kRed)))};
}

const Event kHasCodes = {"CheckAccount root", dictionary({{"locked", false}, {"codes-left", 3U}})};
const Event kHasNone = {"CheckAccount root", dictionary({{"locked", false}, {"codes-left", 0U}})};

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
                                            {"enroll", "--elsewhere", "--with-ssh-key"},
                                            {"enroll", "--elsewhere", "--ssh", kPub},
                                            {"enroll", "--elsewhere", "--test"},
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
    return error("org.passkeyd1.Error.InvalidInput")(call);
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
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
