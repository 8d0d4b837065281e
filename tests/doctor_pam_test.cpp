/// Doctor before PAM stacks: it comes to the same result as libpam, knows what the module knows, and says
/// what is wrong with stacks as administrators write them.
#include <filesystem>
#include <fstream>
#include <random>
#include <regex>
#include <sstream>

#include "cli/doctor/pam_judge.h"
#include "cli/doctor/pam_known.h"
#include "cli/doctor/pam_outcome.h"
#include "pam/hosts.h"
#include "pam/options.h"
#include "tests/check.h"
#include "tests/pam_folder.h"
#include "tests/private_machine.h"

using namespace passkeyd;
using namespace passkeyd::cli;
using namespace passkeyd::test;
namespace fs = std::filesystem;

namespace {

// --- libpam as the judge
// ------------------------------------------------------------------------------------

/// Of a line "... pam_debug.so auth=WORD", which says WORD.
PamAnswer scripted(const PamEntry &entry) {
  const std::string word = entry.arguments.empty() ? "" : entry.arguments[0];
  if (word == "auth=success") return PamAnswer::Success;
  if (word == "auth=ignore") return PamAnswer::Ignore;
  if (word == "auth=authinfo_unavail") return PamAnswer::AuthInfoUnavail;
  if (word == "auth=perm_denied") return PamAnswer::PermDenied;
  return PamAnswer::AuthErr;
}

std::string random_lines(std::mt19937 &random, int most, bool nested) {
  static const char *const kControls[] = {"required",
                                          "requisite",
                                          "sufficient",
                                          "optional",
                                          "[success=1 default=ignore]",
                                          "[success=2 default=ignore]",
                                          "[success=ok default=die]",
                                          "[success=done default=die]",
                                          "[default=bad success=ok ignore=ignore]",
                                          "[success=ok ignore=reset default=1]",
                                          "[perm_denied=die default=ignore]",
                                          "[auth_err=ok default=done]",
                                          "[success=3]"};
  static const char *const kAnswers[] = {"success",  "success",          "ignore",
                                         "auth_err", "authinfo_unavail", "perm_denied"};
  std::string text;
  const auto lines = std::uniform_int_distribution(1, most)(random);
  for (int at = 0; at < lines; ++at) {
    const auto kind = nested ? std::uniform_int_distribution(0, 5)(random) : 5;
    if (kind == 0) text += "auth substack inner\n";
    if (kind == 1) text += "auth include inner\n";
    if (kind == 2) text += "@include inner\n";
    if (kind > 2)
      text += std::string("auth ") + kControls[random() % std::size(kControls)] +
              " pam_debug.so auth=" + kAnswers[random() % std::size(kAnswers)] + "\n";
  }
  return text;
}

void a_stack_opens_exactly_when_libpam_opens_it() {
  const OurPamFolder folder;
  std::mt19937 random(20261125);  // the same stacks every time
  int opened = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string inner = random_lines(random, 4, false);
    put("inner", inner);
    const std::string text = random_lines(random, 6, true);
    const PamStack stack = stack_of(text);
    const bool ours = opens(stack.of(PamGroup::Auth), scripted);
    const bool theirs = libpam_opens("service");
    if (ours != theirs)
      throw Failed("libpam says " + std::string(theirs ? "yes" : "no") + " to:\n" + text + "inner:\n" +
                   inner);
    opened += theirs ? 1 : 0;
  }
  CHECK(opened > 300 && opened < 2700);  // both happen
}

// --- reading
// ------------------------------------------------------------------------------------------------

void lines_are_read_as_pam_conf_has_them() {
  const PamStack stack = stack_of(
      "# auth required no.so\n"
      "AUTH\t[success=1  default=ignore]\\\n  /lib/security/pam_passkey.so  debug wait=5 # why\n"
      "-auth optional pam_x.so [a b] c\n\nsession required pam_y.so\n");
  const auto &auth = stack.of(PamGroup::Auth);
  CHECK(stack.troubles.empty() && auth.size() == 2 && stack.of(PamGroup::Session).size() == 1);
  CHECK(auth[0].control == "[success=1  default=ignore]" && auth[0].is_ours() && auth[0].line == 2);
  CHECK(auth[0].arguments == (std::vector<std::string>{"debug", "wait=5"}));
  CHECK(auth[1].arguments == (std::vector<std::string>{"[a b]", "c"}));
}

void a_service_of_the_vendors_is_found_behind_that_of_the_administrator() {
  fs::create_directories(kRoot + "/usr/lib/pam.d");
  write_file(kRoot + "/usr/lib/pam.d/vendors", "auth required pam_unix.so\n");
  write_file(kRoot + "/usr/lib/pam.d/both", "auth required pam_unix.so\n");
  put("both", "auth required pam_deny.so\n");
  Machine machine;
  machine.root = kRoot;
  CHECK(read_pam_stack(machine, "vendors")->of(PamGroup::Auth).at(0).name() == "pam_unix.so");
  CHECK(read_pam_stack(machine, "both")->of(PamGroup::Auth).at(0).name() == "pam_deny.so");
  CHECK(!read_pam_stack(machine, "none"));
}

// --- judging
// ------------------------------------------------------------------------------------------------

const std::string kAccountLine =
    "account [perm_denied=die default=ignore] pam_passkey.so\naccount required pam_unix.so\n";

std::vector<std::string> told(const std::string &text, const std::string &service = "service") {
  std::vector<std::string> all;
  for (const PamRemark &remark : judge_service(service, stack_of(text, service)))
    all.push_back(std::string(remark.check) + " " + std::string(name_of(remark.level)));
  return all;
}

struct Judged {
  const char *service;
  std::string text;
  std::vector<std::string> told;
};

/// Sixteen deep, that would be sixteen to the power of sixteen files.
void files_that_include_each_other_end_soon() {
  std::string text;
  for (int line = 0; line < 8; ++line) text += "@include service\nauth include service\n";
  const PamStack stack = stack_of(text);
  CHECK(!stack.troubles.empty());
}

void what_is_wrong_with_a_stack_is_said_and_nothing_else() {
  const std::string unix_required = "auth required pam_unix.so\n";
  const Judged rows[] = {
      // as pam_passkey(8) has them
      {"sudo", "auth sufficient pam_passkey.so\n" + unix_required + kAccountLine, {}},
      {"sudo",
       "auth [success=ok default=die] pam_passkey.so\n" + unix_required + kAccountLine,
       {"pam-lockout warning"}},
      {"sudo", "auth [success=done default=die] pam_passkey.so\n" + kAccountLine, {"pam-lockout warning"}},
      {"su",
       "auth sufficient pam_rootok.so\nauth sufficient pam_passkey.so\nauth required pam_wheel.so\n" +
           unix_required + kAccountLine,
       {}},
      // and as they should not be
      {"sudo", "auth required pam_passkey.so\n" + kAccountLine, {"pam-lockout warning"}},
      {"sudo", "auth requisite pam_passkey.so\n" + unix_required + kAccountLine, {"pam-lockout warning"}},
      {"sudo",
       "auth [success=ok ignore=ignore authinfo_unavail=ignore default=die] pam_passkey.so\n" +
           unix_required + kAccountLine,
       {"pam-either warning"}},
      {"sudo", "auth optional pam_passkey.so\n" + unix_required + kAccountLine, {"pam-idle warning"}},
      {"sudo",
       "auth sufficient pam_passkey.so\nauth required pam_permit.so\n" + kAccountLine,
       {"pam-open bad"}},
      {"sudo",
       "auth [success=1 default=ignore] pam_passkey.so\nauth required pam_unix.so\nauth requisite "
       "pam_deny.so\n" +
           kAccountLine,
       {"pam-broken bad"}},
      {"sudo",
       "auth sufficient pam_unix.so\nauth sufficient pam_passkey.so\nauth required pam_deny.so\n" +
           kAccountLine,
       {"pam-order warning"}},
      {"sudo",
       "auth sufficient pam_passkey.so tiemout=5\n" + unix_required + kAccountLine,
       {"pam-option bad"}},
      {"sudo", "auth sufficient pam_passkey.so always\n" + unix_required + kAccountLine, {"pam-option bad"}},
      {"sudo",
       "auth sufficient pam_passkey.so\n" + unix_required + "account required pam_unix.so\n",
       {"pam-account note"}},
      {"sudo",
       "auth sufficient pam_passkey.so\n" + unix_required +
           "account required pam_passkey.so\naccount required pam_unix.so\n",
       {"pam-lockout warning"}},
      {"sudo",
       "auth sufficient pam_passkey.so\n" + unix_required +
           "account optional pam_passkey.so\naccount required pam_unix.so\n",
       {"pam-account warning"}},
      {"sddm",
       "auth sufficient pam_passkey.so host=talks\n" + unix_required + kAccountLine,
       {"pam-host bad"}},
      {"sddm",
       "auth [success=ok default=die] pam_passkey.so\n" + unix_required + kAccountLine,
       {"pam-lockout warning", "pam-host warning"}},
      {"sudo", "auth sufficient pam_passkey.so host=talks\n" + unix_required + kAccountLine, {}},
  };
  for (const Judged &row : rows) {
    const std::vector<std::string> all = told(row.text, row.service);
    std::string shown;
    for (const std::string &each : all) shown += each + "; ";
    if (all != row.told) throw Failed("of\n" + row.text + "is said: " + shown);
  }
}

/// Whether polkit's stack is told to be weaker than sudo's.
bool weaker(const std::string &polkit, const std::string &sudo) {
  const auto remark = judge_polkit(stack_of(polkit, "polkit-1"), stack_of(sudo, "sudo"));
  if (remark) CHECK(remark->check == std::string("pam-polkit") && remark->level == Level::Warning);
  return remark.has_value();
}

void polkit_is_told_to_take_a_password_only_where_sudo_takes_none() {
  const std::string unix_required = "auth required pam_unix.so\n";
  const std::string either = "auth sufficient pam_passkey.so\n" + unix_required;
  const std::string both = "auth [success=ok default=die] pam_passkey.so\n" + unix_required;
  const std::string passkey = "auth [success=done default=die] pam_passkey.so\n";
  const std::string step_down = "auth [success=ok authinfo_unavail=ignore default=die] pam_passkey.so\n";
  for (const std::string &strict : {both, passkey, "auth required pam_passkey.so\n" + unix_required}) {
    for (const std::string &lax :
         {unix_required, either, step_down + unix_required,
          "auth [success=1 default=ignore] pam_succeed_if.so user ingroup wheel\n" + passkey + unix_required})
      if (!weaker(lax, strict)) throw Failed("nothing is said of\n" + lax + "where sudo has\n" + strict);
    for (const std::string &good : {both, passkey, std::string("auth required pam_deny.so\n"),
                                    "auth required pam_oath.so\n" + unix_required, std::string()})
      CHECK(!weaker(good, strict));
  }
  for (const std::string &sudo : {unix_required, either, step_down + unix_required,
                                  "auth required pam_oath.so\n" + unix_required,  // passkeys do not open it
                                  std::string("auth required pam_deny.so\n")})
    CHECK(!weaker(unix_required, sudo));
}

// --- the module's own tables
// -----------------------------------------------------------------------------------

void the_options_are_those_of_the_module() {
  const char *const options[] = {"debug",
                                 "quiet",
                                 "timeout=1",
                                 "timeout=300",
                                 "timeout=0",
                                 "timeout=301",
                                 "timeout=",
                                 "timeout=5s",
                                 "timeout=+5",
                                 "nodelay",
                                 "nodelay=1",
                                 "first_prompt=passkey",
                                 "first_prompt=either",
                                 "first_prompt=",
                                 "host=talks",
                                 "host=one-answer",
                                 "host=x",
                                 "typed=pin",
                                 "typed=password",
                                 "typed=PIN",
                                 "wait=0",
                                 "wait=300",
                                 "wait=-1",
                                 "wait=301",
                                 "wait",
                                 "usernameless",
                                 "always",
                                 "tpm_pin",
                                 "",
                                 "=",
                                 "x",
                                 "debug=",
                                 "Debug",
                                 "tpm_pin=yes"};
  const std::pair<PamGroup, Group> groups[] = {{PamGroup::Auth, Group::Auth},
                                               {PamGroup::Account, Group::Account},
                                               {PamGroup::Session, Group::Session},
                                               {PamGroup::Password, Group::Password}};
  for (const auto &[ours, theirs] : groups)
    for (const char *option : options) {
      const bool taken = static_cast<bool>(Options::parse(theirs, 1, &option));
      if (taken == option_problem(ours, option).has_value()) throw Failed(std::string("differ on ") + option);
    }
}

/// The names in rows of a table of the module's, as its source has them.
std::vector<std::string> names_in(const char *source) {
  std::ifstream file(std::string(SOURCE_ROOT) + source);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  const std::regex row("Row\\{\"([^\"]+)\"");
  std::vector<std::string> names;
  for (std::sregex_iterator at(all.begin(), all.end(), row), end; at != end; ++at) names.push_back((*at)[1]);
  return names;
}

void no_option_of_the_module_is_unknown() {
  const std::vector<std::string> names = names_in("/pam/options.cpp");
  CHECK(names.size() >= 11);
  for (const std::string &name : names) {
    const auto problem = option_problem(PamGroup::Session, name);  // few have a meaning there
    CHECK(!problem || *problem != *option_problem(PamGroup::Session, "x"));
  }
}

void the_hosts_are_those_of_the_module() {
  std::vector<std::string> names = names_in("/pam/hosts.cpp");
  CHECK(names.size() > 50);
  for (const char *unlisted : {"sudo", "su", "login"}) names.emplace_back(unlisted);
  for (const std::string &name : names) {
    const HostKind theirs = host_kind_of(name, std::nullopt);
    const PamHost wanted = theirs == HostKind::OneAnswer  ? PamHost::OneAnswer
                           : theirs == HostKind::NoAnswer ? PamHost::NoAnswer
                                                          : PamHost::Talks;
    if (host_of(name) != wanted) throw Failed("differ on " + name);
  }
}

}  // namespace

int main() {
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(a_stack_opens_exactly_when_libpam_opens_it),
      TEST(lines_are_read_as_pam_conf_has_them),
      TEST(a_service_of_the_vendors_is_found_behind_that_of_the_administrator),
      TEST(files_that_include_each_other_end_soon),
      TEST(what_is_wrong_with_a_stack_is_said_and_nothing_else),
      TEST(polkit_is_told_to_take_a_password_only_where_sudo_takes_none),
      TEST(the_options_are_those_of_the_module),
      TEST(no_option_of_the_module_is_unknown),
      TEST(the_hosts_are_those_of_the_module),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
