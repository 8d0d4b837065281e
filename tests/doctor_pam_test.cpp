/// Doctor before PAM stacks: it comes to the same result as libpam, knows what the module knows, and says
/// what is wrong with stacks as administrators write them.
#include <security/pam_appl.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <regex>
#include <sstream>

#include "cli/doctor/checks.h"
#include "cli/doctor/pam_judge.h"
#include "cli/doctor/pam_known.h"
#include "cli/doctor/pam_outcome.h"
#include "pam/hosts.h"
#include "pam/options.h"
#include "tests/check.h"
#include "tests/private_machine.h"

using namespace passkeyd;
using namespace passkeyd::cli;
using namespace passkeyd::test;
namespace fs = std::filesystem;

namespace {

const std::string kRoot = std::string(kScratch) + "/machine";

void put(const std::string &name, const std::string &text) {
  fs::create_directories(kRoot + "/etc/pam.d");
  write_file(kRoot + "/etc/pam.d/" + name, text);
}

PamStack stack_of(const std::string &text, const std::string &service = "service") {
  put(service, text);
  Machine machine;
  machine.root = kRoot;
  auto stack = read_pam_stack(machine, service);
  CHECK(stack.has_value());
  return std::move(*stack);
}

// --- libpam as the judge
// ------------------------------------------------------------------------------------

int no_questions(int, const pam_message **, pam_response **, void *) {
  return PAM_CONV_ERR;
}

bool libpam_opens(const std::string &service, PamGroup group = PamGroup::Auth) {
  const pam_conv conversation = {no_questions, nullptr};
  pam_handle_t *handle = nullptr;
  const int started = pam_start(service.c_str(), "nobody", &conversation, &handle);
  if (started != PAM_SUCCESS) throw Failed("pam_start: " + std::to_string(started));
  const auto call = group == PamGroup::Auth      ? pam_authenticate
                    : group == PamGroup::Account ? pam_acct_mgmt
                                                 : pam_open_session;
  const int code = call(handle, 0);
  pam_end(handle, code);
  return code == PAM_SUCCESS;
}

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

/// libpam reads includes from /etc/pam.d whatever it is told, so that is where our files are while this
/// lives.
struct OurPamFolder {
  OurPamFolder() {
    put("inner", "");
    CHECK(mount((kRoot + "/etc/pam.d").c_str(), "/etc/pam.d", "none", MS_BIND, nullptr) == 0);
  }
  ~OurPamFolder() { umount("/etc/pam.d"); }
  OurPamFolder(const OurPamFolder &) = delete;
  OurPamFolder &operator=(const OurPamFolder &) = delete;
};

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

// --- without the module
// -----------------------------------------------------------------------------

constexpr std::string_view kGone = "/nowhere/pam_passkey.so";

/// Lines of one group: ours, and others that let everybody in or nobody.
std::string random_stack(std::mt19937 &random, const std::string &group, bool nested) {
  static const char *const kControls[] = {"required",
                                          "requisite",
                                          "sufficient",
                                          "optional",
                                          "[success=1 default=ignore]",
                                          "[success=2 default=ignore]",
                                          "[success=done default=ignore]",
                                          "[success=ok default=bad]",
                                          "[success=done default=die]",
                                          "[perm_denied=die default=ignore]",
                                          "[success=done module_unknown=ignore default=die]",
                                          "[success=done module_unknown=die default=ignore]",
                                          "[success=done authinfo_unavail=ignore default=die]",
                                          "[default=1]",
                                          "[success=done]"};
  static const std::string kModules[] = {std::string(kGone), "pam_permit.so", "pam_deny.so"};
  std::string text;
  const auto lines = std::uniform_int_distribution(1, 4)(random);
  for (int at = 0; at < lines; ++at) {
    const auto kind = nested ? random() % 8 : 7;
    if (kind == 0) text += group + " substack inner\n";
    if (kind == 1) text += "@include inner\n";
    if (kind > 1)
      text += (random() % 8 == 0 ? "-" : "") + group + " " + kControls[random() % std::size(kControls)] +
              " " + kModules[random() % std::size(kModules)] + "\n";
  }
  return text;
}

std::string with_the_module_there(std::string text) {
  for (std::size_t at = text.find(kGone); at != std::string::npos; at = text.find(kGone))
    text.replace(at, kGone.size(), "pam_permit.so");
  return text;
}

/// libpam decides both: does it let in while our module says yes, and does it once that is missing?
void what_shuts_without_the_module_is_what_libpam_shuts() {
  const OurPamFolder folder;
  std::mt19937 random(20261126);  // the same stacks every time
  int shut = 0;
  int judged = 0;
  for (int round = 0; round < 3000; ++round) {
    const PamGroup group = std::array{PamGroup::Auth, PamGroup::Account, PamGroup::Session}[random() % 3];
    const std::string word = group == PamGroup::Auth      ? "auth"
                             : group == PamGroup::Account ? "account"
                                                          : "session";
    const std::string inner = random_stack(random, word, false);
    const std::string text = random_stack(random, word, true);
    put("inner", with_the_module_there(inner));
    put("service", with_the_module_there(text));
    const bool opens_now = libpam_opens("service", group);
    put("inner", inner);
    const std::vector<PamRemark> remarks = judge_removal(stack_of(text));
    if (remarks.empty()) continue;
    const bool theirs = opens_now && !libpam_opens("service", group);
    if ((remarks[0].level == Level::Bad) != theirs)
      throw Failed("libpam " + std::string(theirs ? "shuts" : "does not shut") + ":\n" + text + "inner:\n" +
                   inner);
    ++judged;
    shut += theirs ? 1 : 0;
  }
  CHECK(judged > 1500 && shut > 150 && shut < judged - 150);  // both happen
}

/// Level and place of what is said, service after service.
std::vector<std::string> said_of_removal() {
  Machine machine;
  machine.root = kRoot;
  std::vector<std::string> all;
  for (const Finding &finding : check_removal(machine))
    all.push_back(std::string(name_of(finding.level)) + " " +
                  finding.what.substr(0, finding.what.find(": ")));
  return all;
}

void a_service_that_only_the_passkey_opens_would_be_shut() {
  fs::remove_all(kRoot);
  const std::string deny = "auth required pam_deny.so\n";
  put("common-auth",
      "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"
      "auth required pam_permit.so\n");
  put("common-account", "account required pam_unix.so\n");
  put("a-password-too", "auth sufficient pam_passkey.so\n@include common-auth\n");
  put("b-nothing-else", "auth sufficient pam_passkey.so\n" + deny);
  put("c-helpers-only", "auth required pam_env.so\nauth sufficient pam_passkey.so\n" + deny);
  put("d-no-other-line", "auth sufficient pam_passkey.so\n@include common-account\n");
  put("e-by-a-jump",
      "auth [success=1 default=ignore] pam_passkey.so\nauth requisite pam_deny.so\n"
      "auth required pam_permit.so\n");
  put("f-password-first", "auth sufficient pam_unix.so\nauth sufficient pam_passkey.so\n" + deny);
  put("g-account", "@include common-auth\naccount required pam_passkey.so\n@include common-account\n");
  put("h-shut-anyway", deny + "auth sufficient pam_passkey.so\n");
  put("i-not-ours", deny);
  const std::vector<std::string> wanted = {
      "note /etc/pam.d/a-password-too:1", "bad /etc/pam.d/b-nothing-else:1",
      "bad /etc/pam.d/c-helpers-only:2",  "bad /etc/pam.d/d-no-other-line:1",
      "bad /etc/pam.d/e-by-a-jump:1",     "note /etc/pam.d/f-password-first:2",
      "bad /etc/pam.d/g-account:2",       "note /etc/pam.d/h-shut-anyway:2"};
  const std::vector<std::string> said = said_of_removal();
  for (std::size_t at = 0; at < wanted.size(); ++at)
    if (at >= said.size() || said[at] != wanted[at])
      throw Failed("wanted " + wanted[at] + ", said " + (at < said.size() ? said[at] : "nothing"));
  CHECK(said.size() == wanted.size());
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
      TEST(what_shuts_without_the_module_is_what_libpam_shuts),
      TEST(a_service_that_only_the_passkey_opens_would_be_shut),
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
