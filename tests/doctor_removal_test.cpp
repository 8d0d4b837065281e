/// What doctor says of stacks before the module goes: libpam itself is the judge.
#include <array>
#include <filesystem>
#include <random>

#include "cli/doctor/checks.h"
#include "cli/doctor/pam_judge.h"
#include "tests/check.h"
#include "tests/pam_folder.h"
#include "tests/private_machine.h"

using namespace passkeyd;
using namespace passkeyd::cli;
using namespace passkeyd::test;

namespace {

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
  std::filesystem::remove_all(kRoot);
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

}  // namespace

int main() {
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(what_shuts_without_the_module_is_what_libpam_shuts),
      TEST(a_service_that_only_the_passkey_opens_would_be_shut),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
