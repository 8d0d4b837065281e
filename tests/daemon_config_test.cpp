/// passkeyd.conf: what is understood is used and known by its place; what is not is refused with place and
/// reason.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <regex>

#include "daemon/config.h"
#include "daemon/reload.h"
#include "tests/check.h"

using namespace passkeyd;
using std::chrono::seconds;

namespace {

/// Two configuration directories of a test's own: etc/ and vendor/.
class Files {
 public:
  Files() {
    std::string name = (std::filesystem::temp_directory_path() / "passkeyd-config-XXXXXX").string();
    CHECK(mkdtemp(name.data()) != nullptr);
    top_ = name;
    for (const char *place : {"etc", "vendor"})
      std::filesystem::create_directories(top_ / place / "passkeyd.conf.d");
  }
  ~Files() { std::filesystem::remove_all(top_); }
  Files(const Files &) = delete;
  Files &operator=(const Files &) = delete;

  [[nodiscard]] std::string path(const std::string &name) const { return top_ / name; }
  void write(const std::string &name, const std::string &text) const {
    std::filesystem::remove(path(name));  // a file that is made anew need not reach the disk first
    std::ofstream(path(name)) << text;
  }
  [[nodiscard]] Result<Config> load() const { return load_config(path("etc"), path("vendor")); }

  /// Why it is refused, with FILE as it was written; "" if it is not.
  [[nodiscard]] std::string refusal() const {
    const Result<Config> loaded = load();
    if (loaded) return "";
    CHECK(loaded.error().kind == ErrorKind::NotConfigured);
    return without_top(loaded.error().sentence);
  }
  /// The source of `key` for `service`, with FILE as it was written.
  [[nodiscard]] std::string source(const std::string &service, const std::string &key) const {
    for (const PolicyLine &line : MUST(load()).describe(service))
      if (line.key == key) return without_top(line.source);
    return "no such key";
  }
  [[nodiscard]] std::string without_top(std::string text) const {
    const std::string top = top_.string() + "/";
    if (const std::size_t at = text.find(top); at != std::string::npos) text.erase(at, top.size());
    return text;
  }

 private:
  std::filesystem::path top_;
};

constexpr const char *kMain = "etc/passkeyd.conf";

Config loaded(const std::string &text) {
  const Files files;
  files.write(kMain, text);
  return MUST(files.load());
}

/// True if this main file is refused with exactly this sentence.
bool refused(const std::string &text, const std::string &why) {
  const Files files;
  files.write(kMain, text);
  const std::string said = files.refusal();
  if (said != why) print_message("for:  %s\nsaid: %s\n", text.c_str(), said.c_str());
  return said == why;
}

std::string value_of(const Config &config, const std::string &service, const std::string &key) {
  for (const PolicyLine &line : config.describe(service))
    if (line.key == key) return line.value;
  return "no such key";
}

// --- values
// ---------------------------------------------------------------------------------------------------------

void without_a_file_the_defaults_are_in_force() {
  const Config config = MUST(Files().load());
  CHECK(!config.rp_id);
  CHECK(config.tcti == "device:/dev/tpmrm0");
  CHECK(config.limits.free_in_a_row == 5 && config.limits.per_day == 8);
  CHECK(config.limits.first_wait == seconds(30) && config.limits.longest_wait == seconds(3600));
  CHECK(config.audit_retention == std::chrono::days(400));
  const Policy &policy = config.policy_for("sudo");
  CHECK(policy.user_verification == UserVerification::Preferred);
  CHECK((policy.ways == std::vector<Way>{Way::Usb, Way::Tpm, Way::Ssh}));
  CHECK(policy.backup_codes == BackupCodes::AfterPasskey);
  CHECK(policy.touch_timeout == seconds(30) && policy.min_key_retries == 2);
  CHECK(policy.accepted_aaguids.empty() && policy.askpass);
  CHECK(config.names().empty());  // until the machine was asked
  for (const PolicyLine &line : config.describe("sudo")) CHECK(line.source == "default");
  CHECK(MUST(load_config("/nonexistent/etc", "/nonexistent/vendor")).sources.empty());
}

void every_key_has_its_effect() {
  const Config config = loaded(
      "# a comment\n"
      "rp_id = Corp.Example\n"
      "tcti = swtpm:path=/run/socket\n"
      "tries_in_a_row = 3\nfirst_wait = 10\nlongest_wait = 600\ntries_per_day = 20\n"
      "audit_retention = 30\n"
      "user_verification = required\n"
      "ways = tpm\n"
      "backup_codes = always\n"
      "accepted_names = Box.Example, 192.0.2.1\n"
      "askpass = no\n"
      "touch_timeout = 45\n"
      "min_key_retries = 3\n"
      "accepted_aaguids = 2FC0579F-8113-47ea-b116-bb5a8db9202a, 00000000-0000-0000-0000-000000000001\n");
  CHECK(config.rp_id && config.rp_id->str() == "corp.example");
  CHECK(config.tcti == "swtpm:path=/run/socket");
  CHECK(config.limits.free_in_a_row == 3 && config.limits.per_day == 20);
  CHECK(config.limits.first_wait == seconds(10) && config.limits.longest_wait == seconds(600));
  CHECK(config.audit_retention == std::chrono::days(30));
  CHECK(loaded("audit_retention = 0\n").audit_retention ==
        loaded("audit_retention = forever\n").audit_retention);
  const Policy &policy = config.general;
  CHECK(policy.user_verification == UserVerification::Required);
  CHECK((policy.ways == std::vector<Way>{Way::Tpm}));
  CHECK(policy.backup_codes == BackupCodes::Always && !policy.askpass);
  CHECK((config.names() == std::vector<std::string>{"box.example", "192.0.2.1"}));
  CHECK(policy.touch_timeout == seconds(45) && policy.min_key_retries == 3);
  CHECK(policy.accepted_aaguids.size() == 2);
  CHECK(policy.accepted_aaguids[0][0] == 0x2f && policy.accepted_aaguids[1][15] == 1);
}

/// What describe() gives can be written into a file and means the same, at both ends of every range.
void every_value_shown_is_one_that_can_be_written() {
  const std::pair<const char *, std::vector<const char *>> rows[] = {
      {"rp_id", {"box", "a.example"}},
      {"tcti", {"device:/dev/tpm0", "swtpm:path=/s"}},
      {"tpm_roots", {"/etc", "/"}},
      {"attestation", {"optional", "required"}},
      {"attestation_roots", {"/etc", "/usr"}},
      {"metadata_root", {"/usr/share/ca-certificates/mozilla/GlobalSign_Root_CA_-_R3.crt"}},
      {"tries_in_a_row", {"1", "20"}},
      {"first_wait", {"1", "3600"}},
      {"longest_wait", {"30", "86400"}},
      {"tries_per_day", {"1", "1000"}},
      {"audit_retention", {"1", "36500", "forever"}},
      {"user_verification", {"required", "preferred", "discouraged"}},
      {"ways", {"usb", "tpm", "tpm usb", "usb tpm", "ssh", "usb tpm ssh"}},
      {"backup_codes", {"never", "after-passkey", "always"}},
      {"accepted_names", {"box", "box.example 192.0.2.1 2001:db8::1 fe80::1%eth0 my_box"}},
      {"askpass", {"yes", "no"}},
      {"touch_timeout", {"5", "60"}},
      {"min_key_retries", {"1", "7"}},
      {"accepted_aaguids", {"any", "2fc0579f-8113-47ea-b116-bb5a8db9202a"}},
  };
  for (const auto &[key, values] : rows)
    for (const char *value : values)
      CHECK(value_of(loaded(std::string(key) + " = " + value + "\n"), "", key) == value);
  CHECK(std::size(rows) == Config().describe("").size());
}

void a_bad_value_is_refused_with_file_line_and_reason() {
  const std::pair<const char *, std::vector<const char *>> rows[] = {
      {"tries_in_a_row: must be a whole number from 1 to 20", {"0", "21", "", "-1", "1.5", "five", "3 4"}},
      {"first_wait: must be a whole number from 1 to 3600", {"0", "3601", "30s", "99999999999999999999"}},
      {"longest_wait: must be a whole number from 1 to 86400", {"0", "86401"}},
      {"tries_per_day: must be a whole number from 1 to 1000", {"0", "1001", "0x10"}},
      {"audit_retention: must be forever, or a number of days up to 36500",
       {"-1", "36501", "", "400d", "Forever"}},
      {"touch_timeout: must be a whole number from 5 to 60", {"soon", "4", "61", "30x", "", "+30"}},
      {"min_key_retries: must be a whole number from 1 to 7", {"0", "8"}},
      {"user_verification: must be required, preferred or discouraged", {"maybe", "", "Required", "\"\""}},
      {"ways: must be a list of usb, tpm and ssh, each once", {"usb usb", "carrier-pigeon", "usb code", "usb client"}},
      {"ways: must be a list with at least one way", {"", ","}},
      {"backup_codes: must be never, after-passkey or always", {"yes", "", "after passkey"}},
      {"accepted_names: must be a list of host names, aliases and addresses",
       {"box\"", "a/b", "-box", "ssh://box", "b\xc3\xb6x", "[::1]"}},
      {"accepted_names: must be a list of names, each once", {"box box", "box BOX"}},
      {"accepted_names: must be a list of 1 to 32 names", {"", ","}},
      {"askpass: must be yes or no", {"", "true", "Yes"}},
      {"tcti: must be device:/PATH or swtpm:path=/SOCKET", {"", "libtpms:", "device:tpm0", "swtpm:port=1"}},
      {"tpm_roots: must be the absolute path of a directory", {"", "roots", "./roots"}},
      {"accepted_aaguids: must be any, or a list of AAGUIDs such as 2fc0579f-8113-47ea-b116-bb5a8db9202a",
       {"2fc0579f811347eab116bb5a8db9202a", "2fc0579f-8113-47ea-b116-bb5a8db9202", "any any",
        "2fc0579f-8113-47ea-b116-bb5a8db9202g", "2fc0579f-8113-47ea-b116-bb5a8db9202a any", "-", "", ","}},
  };
  for (const auto &[why, values] : rows) {
    const std::string reason = why;
    for (const char *value : values)
      CHECK(refused("\n" + reason.substr(0, reason.find(':')) + " = " + value + "\n",
                    "etc/passkeyd.conf:2: " + reason));
  }
  for (const char *name : {"", "under_score", "-x", "a..b"}) {
    const Files files;
    files.write(kMain, "rp_id = " + std::string(name) + "\n");
    CHECK(files.refusal().starts_with("etc/passkeyd.conf:1: rp_id: "));
  }
}

void the_longest_wait_is_no_shorter_than_the_first() {
  CHECK(refused("first_wait = 60\nlongest_wait = 59\n",
                "etc/passkeyd.conf:2: longest_wait: must not be shorter than first_wait"));
  CHECK(refused("\nlongest_wait = 29\n",
                "etc/passkeyd.conf:2: longest_wait: must not be shorter than first_wait"));
  CHECK(loaded("longest_wait = 60\nfirst_wait = 60\n").limits.first_wait == seconds(60));
}

// --- sections
// -------------------------------------------------------------------------------------------------------

void a_service_overrides_what_it_names_and_nothing_else() {
  const Config config = loaded(
      "touch_timeout = 20\n"
      "[service sudo]\n"
      "touch_timeout = 10\n"  // named right before: libeconf would not list it
      "user_verification = required\n"
      "[service swaylock]\n"
      "user_verification = discouraged\n"
      "ways = usb\n");
  CHECK(config.policy_for("sudo").touch_timeout == seconds(10));
  CHECK(config.policy_for("sudo").user_verification == UserVerification::Required);
  CHECK(config.policy_for("swaylock").touch_timeout == seconds(20));
  CHECK(config.policy_for("swaylock").user_verification == UserVerification::Discouraged);
  CHECK(config.policy_for("swaylock").ways.size() == 1 && config.policy_for("sudo").ways.size() == 3);
  for (const char *other : {"", "su", "sudo-i", "SUDO"}) {
    CHECK(config.policy_for(other).touch_timeout == seconds(20));
    CHECK(config.policy_for(other).user_verification == UserVerification::Preferred);
  }
}

void a_service_begins_with_the_last_word_of_the_general_part() {
  const Files files;
  files.write(kMain, "touch_timeout = 20\n[service sudo]\nways = usb\n[service su]\n");
  files.write("etc/passkeyd.conf.d/10.conf", "touch_timeout = 25\nbackup_codes = never\n");
  const Config config = MUST(files.load());
  CHECK(config.policy_for("sudo").touch_timeout == seconds(25));
  CHECK(config.policy_for("sudo").backup_codes == BackupCodes::Never);
  CHECK(config.policy_for("su").touch_timeout == seconds(25));
}

void every_policy_key_may_be_in_a_section_and_no_other() {
  const Config defaults;
  for (const PolicyLine &line : defaults.describe("")) {
    const bool global = line.key == "rp_id" || line.key == "tcti" || line.key == "tpm_roots" ||
                        line.key == "audit_retention" || line.key.ends_with("_wait") ||
                        line.key.starts_with("tries_") || line.key.starts_with("attestation") ||
                        line.key == "metadata_root" || line.key == "accepted_names";
    const std::string text = "[service sudo]\n" + line.key + " = " + line.value + "\n";
    if (global)
      CHECK(refused(text, "etc/passkeyd.conf:2: " + line.key +
                              ": is the same for every service, so it cannot be in a section"));
    else
      CHECK(value_of(loaded(text), "sudo", line.key) == line.value);
  }
  CHECK(refused("tcti = device:/a\n[service sudo]\ntcti = device:/b\n",
                "etc/passkeyd.conf:3: tcti: is the same for every service, so it cannot be in a section"));
}

void an_unknown_section_is_refused_even_if_it_is_empty() {
  for (const char *name : {"global", "sudo", "Service sudo", " service sudo", "service", "services sudo"})
    CHECK(refused("\n[" + std::string(name) + "]\n",
                  "etc/passkeyd.conf:2: unknown section [" + std::string(name) + "]"));
  const std::string longest(255, 'x');
  for (const std::string &name :
       {std::string(), std::string(" sudo"), std::string("sudo "), std::string("a b"), std::string("a/b"),
        std::string("sudo]"), longest + "x"})
    CHECK(refused("[service " + name + "]\n",
                  "etc/passkeyd.conf:1: not the name of a PAM service: \"" + name + "\""));
  CHECK(refused("[service Sudo]\n",
                "etc/passkeyd.conf:1: the names of PAM services are in lower case: \"Sudo\""));
  const Config config = loaded("  [service " + longest + "]  # comment\ntouch_timeout = 5\n");
  CHECK(config.policy_for(longest).touch_timeout == seconds(5));
}

// --- files
// ----------------------------------------------------------------------------------------------------------

void later_files_win_and_every_value_knows_its_place() {
  const Files files;
  files.write("vendor/passkeyd.conf", "touch_timeout = 11\nmin_key_retries = 7\n");
  files.write("vendor/passkeyd.conf.d/50-vendor.conf", "\nbackup_codes = never\nways = usb\n");
  files.write("vendor/passkeyd.conf.d/60-both.conf", "backup_codes = always\n");
  files.write("etc/passkeyd.conf.d/20-site.conf", "touch_timeout = 12\nways = tpm\n");
  files.write("etc/passkeyd.conf.d/60-both.conf", "[service su]\n\ntouch_timeout = 13\n");
  files.write("etc/passkeyd.conf.d/.60-hidden.conf", "nonsense\n");
  files.write("etc/passkeyd.conf.d/note.txt", "nonsense\n");
  CHECK(files.source("", "min_key_retries") == "vendor/passkeyd.conf:2");
  CHECK(files.source("", "touch_timeout") == "etc/passkeyd.conf.d/20-site.conf:1");
  CHECK(files.source("", "ways") == "vendor/passkeyd.conf.d/50-vendor.conf:3");
  CHECK(files.source("", "backup_codes") == "vendor/passkeyd.conf.d/50-vendor.conf:2");
  CHECK(files.source("su", "touch_timeout") == "etc/passkeyd.conf.d/60-both.conf:3");
  CHECK(files.source("su", "ways") == "vendor/passkeyd.conf.d/50-vendor.conf:3");
  CHECK(files.source("su", "tcti") == "default");
  files.write(kMain, "min_key_retries = 1\n");
  CHECK(files.source("", "min_key_retries") == "etc/passkeyd.conf:1");
  CHECK(value_of(MUST(files.load()), "su", "touch_timeout") == "13");
}

void a_vendors_file_can_be_switched_off() {
  const Files files;
  files.write("vendor/passkeyd.conf", "touch_timeout = 11\n");
  files.write("vendor/passkeyd.conf.d/a.conf", "min_key_retries = 5\n");
  std::filesystem::create_symlink("/dev/null", files.path(kMain));
  std::filesystem::create_symlink("/dev/null", files.path("etc/passkeyd.conf.d/a.conf"));
  CHECK(MUST(files.load()).sources.empty());
}

void a_main_file_counts_without_any_drop_in_directory() {
  const Files files;
  for (const char *place : {"etc/passkeyd.conf.d", "vendor/passkeyd.conf.d"})
    std::filesystem::remove(files.path(place));
  files.write(kMain, "touch_timeout = 10\n");
  CHECK(MUST(files.load()).general.touch_timeout == seconds(10));
}

void a_file_that_is_there_but_cannot_be_read_is_refused() {
  for (const std::string name : {"etc/passkeyd.conf", "etc/passkeyd.conf.d/a.conf", "vendor/passkeyd.conf"}) {
    const Files dangling;
    std::filesystem::create_symlink("/nonexistent", dangling.path(name));
    CHECK(dangling.refusal() == name + ": cannot be opened: No such file or directory");
    const Files directory;
    std::filesystem::create_directory(directory.path(name));
    CHECK(directory.refusal() == name + ": is no file");
    const Files pipe;
    CHECK(mkfifo(pipe.path(name).c_str(), 0600) == 0);
    CHECK(pipe.refusal() == name + ": is no file");
  }
}

void sizes_are_bounded() {
  const std::string comment(70, '#');
  std::string text;
  while (text.size() <= 65536) text += comment + "\n";
  CHECK(refused(text, "etc/passkeyd.conf: is longer than 65536 bytes"));
  CHECK(refused("\n#" + std::string(4096, 'x') + "\n",
                "etc/passkeyd.conf:2: the line is longer than 4096 bytes"));
  const Files files;
  for (int number = 0; number < 65; ++number)
    files.write("etc/passkeyd.conf.d/" + std::to_string(number) + ".conf", "");
  CHECK(files.refusal() == "etc/passkeyd.conf.d: more than 64 files");
}

// --- lines
// ----------------------------------------------------------------------------------------------------------

void an_unknown_key_is_refused() {
  CHECK(refused("touch_timeout = 20\ntouch_timout = 20\n",
                "etc/passkeyd.conf:2: unknown key \"touch_timout\""));
  CHECK(refused("[service sudo]\nPinVerification = 1\n",
                "etc/passkeyd.conf:2: unknown key \"PinVerification\""));
}

void a_key_given_twice_in_a_file_is_refused() {
  CHECK(refused("touch_timeout = 20\ntouch_timeout = 20\n",
                "etc/passkeyd.conf:2: touch_timeout: is set a second time in this file"));
  CHECK(refused("[service su]\nways = usb\n[service sudo]\nways = usb\n[service su]\nways=tpm\n",
                "etc/passkeyd.conf:6: ways: is set a second time in this file"));
}

void a_line_that_is_no_plain_thing_is_refused() {
  const std::string neither = "neither \"key = value\" nor a [section]: ";
  CHECK(refused("touch_timeout\n", "etc/passkeyd.conf:1: " + neither + "touch_timeout"));
  CHECK(refused("touch timeout = 20\n", "etc/passkeyd.conf:1: " + neither + "touch timeout = 20"));
  CHECK(refused("ways = usb\n  tpm\n", "etc/passkeyd.conf:2: " + neither + "tpm"));
  CHECK(refused("touch_timeout = 20\n= 30\n", "etc/passkeyd.conf:2: " + neither + "= 30"));
  CHECK(refused("\n; touch_timeout\n", "etc/passkeyd.conf:2: " + neither + "; touch_timeout"));
  for (const std::string line : {"[broken", "[]", "[", "[service su] x", "[service # su]"})
    CHECK(refused("touch_timeout = 20\n" + line + "\n", "etc/passkeyd.conf:2: " + neither + line));
}

void what_cannot_be_shown_is_refused() {
  for (const std::string &piece : {std::string(1, '\0'), std::string("\x1b[2J"), std::string("\xff"),
                                   std::string("\v"), std::string("# \xe2\x80\xae")})
    CHECK(refused("\n" + piece + "touch_timeout = 20\n",
                  "etc/passkeyd.conf:2: the line holds what cannot be shown"));
}

void comments_blanks_and_line_ends_are_taken_as_people_mean_them() {
  const Config config = loaded(
      "\t# indented\r\n"
      "\ttouch_timeout\t=\t20   # seconds\r\n"
      "   \r\n"
      "  # between\r\n"
      "user_verification = \"required\"\r\n"
      "\r\n"
      "[service su]\r\n"
      "  ways=usb,tpm");
  CHECK(config.general.touch_timeout == seconds(20));
  CHECK(config.general.user_verification == UserVerification::Required);
  CHECK(config.policy_for("su").ways.size() == 2);
  CHECK(config.sources.at({"su", "ways"}).ends_with("passkeyd.conf:8"));
}

void one_bad_file_is_enough() {
  const Files files;
  files.write(kMain, "touch_timeout = 20\n");
  files.write("etc/passkeyd.conf.d/early.conf", "touch_timeout = 2\n");
  files.write("etc/passkeyd.conf.d/late.conf", "touch_timeout = 30\n");
  CHECK(files.refusal().starts_with("etc/passkeyd.conf.d/early.conf:1: touch_timeout: "));
  files.write("etc/passkeyd.conf.d/early.conf", "");
  files.write("etc/passkeyd.conf.d/late.conf", "nonsense = 1\n");
  CHECK(files.refusal() == "etc/passkeyd.conf.d/late.conf:1: unknown key \"nonsense\"");
}

// --- reload
// ---------------------------------------------------------------------------------------------------------

void a_reload_takes_all_or_nothing() {
  const Files files;
  Config config = MUST(files.load());
  const auto again = [&] {
    return files.without_top(reload(config, files.path("etc"), files.path("vendor")));
  };
  files.write(kMain, "touch_timeout = 10\n[service su]\nways = usb\n");
  CHECK(again() == kConfigLoaded);
  CHECK(config.general.touch_timeout == seconds(10));
  const Policy under_way = config.policy_for("su");

  files.write(kMain, "touch_timeout = 15\nmin_key_retries = 9\n");
  CHECK(again() == "etc/passkeyd.conf:2: min_key_retries: must be a whole number from 1 to 7");
  CHECK(config.general.touch_timeout == seconds(10) && config.policy_for("su").ways.size() == 1);

  files.write(kMain, "touch_timeout = 15\n");
  CHECK(again() == kConfigLoaded);
  CHECK(config.general.touch_timeout == seconds(15) && config.policy_for("su").ways.size() == 3);
  CHECK(under_way.ways.size() == 1);
}

// --- anything
// -------------------------------------------------------------------------------------------------------

/// Whatever is in a file, the loader takes it or says where it does not.
void random_bytes_are_taken_or_refused_in_words() {
  const Files files;
  std::mt19937 random(20260101);  // NOLINT: the same every time
  const std::string pieces[] = {"touch_timeout", "ways",      " = ", "=",       "\n",  "\n\n",
                                "[service su]",  "[",         "]",   "usb tpm", "\"",  "#",
                                "\r\n",          "30",        " ",   "\t",      "any", "2fc0579f-",
                                "\xc3\xbc",      "first_wait"};
  int taken = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (auto count = random() % 30; count > 0; --count) {
      if (round % 3 == 0) text += static_cast<char>(random());
      text += pieces[random() % std::size(pieces)];
    }
    files.write(kMain, text);
    const std::string said = files.refusal();
    if (said.empty()) ++taken;
    CHECK(said.empty() || std::regex_search(said, std::regex("^etc/passkeyd\\.conf:[0-9]+: .")));
  }
  CHECK(taken > 0);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(without_a_file_the_defaults_are_in_force),
      TEST(every_key_has_its_effect),
      TEST(every_value_shown_is_one_that_can_be_written),
      TEST(a_bad_value_is_refused_with_file_line_and_reason),
      TEST(the_longest_wait_is_no_shorter_than_the_first),
      TEST(a_service_overrides_what_it_names_and_nothing_else),
      TEST(a_service_begins_with_the_last_word_of_the_general_part),
      TEST(every_policy_key_may_be_in_a_section_and_no_other),
      TEST(an_unknown_section_is_refused_even_if_it_is_empty),
      TEST(later_files_win_and_every_value_knows_its_place),
      TEST(a_vendors_file_can_be_switched_off),
      TEST(a_main_file_counts_without_any_drop_in_directory),
      TEST(a_file_that_is_there_but_cannot_be_read_is_refused),
      TEST(sizes_are_bounded),
      TEST(an_unknown_key_is_refused),
      TEST(a_key_given_twice_in_a_file_is_refused),
      TEST(a_line_that_is_no_plain_thing_is_refused),
      TEST(what_cannot_be_shown_is_refused),
      TEST(comments_blanks_and_line_ends_are_taken_as_people_mean_them),
      TEST(one_bad_file_is_enough),
      TEST(a_reload_takes_all_or_nothing),
      TEST(random_bytes_are_taken_or_refused_in_words),
  };
  return cmocka_run_group_tests_name("configuration", tests, nullptr, nullptr);
}
