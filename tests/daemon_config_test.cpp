/// passkeyd.conf: what is understood is used, what is not is refused with its place and reason.
#include <filesystem>
#include <fstream>

#include "daemon/config.h"
#include "tests/check.h"

using namespace passkeyd;

namespace {

/// A configuration directory of its own.
class Files {
 public:
  Files() {
    std::string name = (std::filesystem::temp_directory_path() / "passkeyd-config-XXXXXX").string();
    CHECK(mkdtemp(name.data()) != nullptr);
    directory_ = name;
    std::filesystem::create_directory(directory_ / "passkeyd.conf.d");
  }
  ~Files() { std::filesystem::remove_all(directory_); }
  Files(const Files &) = delete;
  Files &operator=(const Files &) = delete;

  void write(const std::string &name, const std::string &text) const {
    std::ofstream(directory_ / name) << text;
  }
  [[nodiscard]] Result<Config> load() const { return load_config(directory_); }

 private:
  std::filesystem::path directory_;
};

/// True if the configuration is refused and the sentence has all of `parts`.
bool refused(const std::string &text, std::initializer_list<const char *> parts) {
  const Files files;
  files.write("passkeyd.conf", text);
  const Result<Config> loaded = files.load();
  if (loaded || loaded.error().kind != ErrorKind::NotConfigured) return false;
  for (const char *part : parts) {
    if (loaded.error().sentence.find(part) == std::string::npos) {
      print_message("'%s' is not in: %s\n", part, loaded.error().sentence.c_str());
      return false;
    }
  }
  return true;
}

void without_a_file_the_defaults_are_in_force() {
  const Config config = MUST(Files().load());
  CHECK(!config.rp_id);
  CHECK(config.user_verification == UserVerification::Preferred);
  CHECK((config.ways == std::vector<Way>{Way::Usb, Way::Tpm}));
  CHECK(config.touch_timeout == std::chrono::seconds(30));
  CHECK(config.min_key_retries == 2);
  CHECK(config.tcti == "device:/dev/tpmrm0");
}

void every_key_has_its_effect() {
  const Files files;
  files.write("passkeyd.conf",
              "# a comment\n"
              "rp_id = Corp.Example\n"
              "user_verification = required\n"
              "ways = tpm\n"
              "touch_timeout = 45\n"
              "min_key_retries = 3\n"
              "tcti = swtpm:path=/run/socket\n");
  const Config config = MUST(files.load());
  CHECK(config.rp_id && config.rp_id->str() == "corp.example");
  CHECK(config.user_verification == UserVerification::Required);
  CHECK((config.ways == std::vector<Way>{Way::Tpm}));
  CHECK(config.touch_timeout == std::chrono::seconds(45));
  CHECK(config.min_key_retries == 3);
  CHECK(config.tcti == "swtpm:path=/run/socket");
}

void the_last_file_wins() {
  const Files files;
  files.write("passkeyd.conf", "touch_timeout = 10\nmin_key_retries = 4\n");
  files.write("passkeyd.conf.d/10-site.conf", "touch_timeout = 20\n");
  files.write("passkeyd.conf.d/20-host.conf", "touch_timeout = 25\n");
  const Config config = MUST(files.load());
  CHECK(config.touch_timeout == std::chrono::seconds(25));
  CHECK(config.min_key_retries == 4);
}

void an_unknown_key_is_refused_with_file_and_line() {
  CHECK(refused("touch_timeout = 20\ntouch_timout = 20\n", {"passkeyd.conf:2:", "touch_timout", "unknown"}));
  CHECK(refused("PinVerification = 1\n", {"passkeyd.conf:1:", "PinVerification"}));
}

void a_bad_value_is_refused_with_file_and_line() {
  CHECK(refused("\ntouch_timeout = soon\n", {"passkeyd.conf:2:", "touch_timeout", "whole number"}));
  CHECK(refused("touch_timeout = 4\n", {"touch_timeout"}));
  CHECK(refused("touch_timeout = 61\n", {"touch_timeout"}));
  CHECK(refused("touch_timeout = 30x\n", {"touch_timeout"}));
  CHECK(refused("min_key_retries = 0\n", {"min_key_retries"}));
  CHECK(refused("user_verification = maybe\n", {"user_verification", "required"}));
  CHECK(refused("ways = usb usb\n", {"ways"}));
  CHECK(refused("ways = carrier-pigeon\n", {"ways"}));
  CHECK(refused("ways =\n", {"ways"}));
  CHECK(refused("rp_id = under_score\n", {"rp_id"}));
  CHECK(refused("tcti =\n", {"tcti"}));
  CHECK(refused("tcti = libtpms:\n", {"tcti", "device:/PATH"}));
}

void a_key_without_a_value_is_refused() {
  CHECK(refused("touch_timeout\n", {"passkeyd.conf:1:", "touch_timeout"}));
}

void a_section_is_refused_rather_than_left_without_effect() {
  CHECK(refused("[service sudo]\nuser_verification = required\n", {"passkeyd.conf", "service sudo"}));
}

void what_does_not_parse_is_refused_with_file_and_line() {
  CHECK(refused("touch_timeout = 20\n[broken\n", {"passkeyd.conf:2:"}));
}

void one_bad_file_is_enough() {
  const Files files;
  files.write("passkeyd.conf", "touch_timeout = 20\n");
  files.write("passkeyd.conf.d/late.conf", "nonsense = 1\n");
  const Result<Config> loaded = files.load();
  CHECK(!loaded);
  CHECK(loaded.error().sentence.find("late.conf:1:") != std::string::npos);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(without_a_file_the_defaults_are_in_force),
      TEST(every_key_has_its_effect),
      TEST(the_last_file_wins),
      TEST(an_unknown_key_is_refused_with_file_and_line),
      TEST(a_bad_value_is_refused_with_file_and_line),
      TEST(a_key_without_a_value_is_refused),
      TEST(a_section_is_refused_rather_than_left_without_effect),
      TEST(what_does_not_parse_is_refused_with_file_and_line),
      TEST(one_bad_file_is_enough),
  };
  return cmocka_run_group_tests_name("configuration", tests, nullptr, nullptr);
}
