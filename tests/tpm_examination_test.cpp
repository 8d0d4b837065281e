/// What a look at a TPM tells, with one thing after the other out of order.
#include <algorithm>

#include "tests/tpm_fixture.h"
#include "tpm/areas.h"
#include "tpm/examination.h"
#include "tpm/process.h"

using namespace passkeyd;
using namespace passkeyd::test;
using tpm::Stored;

namespace {

tpm::Examination look(Swtpm &tpm, const std::vector<Bytes> &platforms = {}) {
  TpmAuthenticator authenticator = tpm.authenticator();
  return MUST(authenticator.examine(platforms));
}

void change_password(Swtpm &tpm, ESYS_TR hierarchy) {
  const tpm::Conversation admin = tpm.admin();
  const TPM2B_AUTH password = {.size = 3, .buffer = {1, 2, 3}};
  CHECK_RC(Esys_HierarchyChangeAuth(admin.esys(), hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                    &password));
}

void a_software_tpm_says_so() {
  Swtpm tpm;
  const tpm::Examination found = look(tpm);
  CHECK(found.maker == "IBM" && found.vendor == "SW TPM" && found.software);
  CHECK(std::ranges::count(found.firmware, '.') == 3);
}

void passwords_of_hierarchies_are_told_apart() {
  Swtpm tpm;
  const tpm::Examination before = look(tpm);
  CHECK(!before.owner_auth_set && !before.endorsement_auth_set && !before.lockout.lockout_auth_set);
  change_password(tpm, ESYS_TR_RH_OWNER);
  CHECK(look(tpm).owner_auth_set && !look(tpm).endorsement_auth_set && !look(tpm).lockout.lockout_auth_set);
  change_password(tpm, ESYS_TR_RH_ENDORSEMENT);
  CHECK(look(tpm).endorsement_auth_set && !look(tpm).lockout.lockout_auth_set);
  change_password(tpm, ESYS_TR_RH_LOCKOUT);
  CHECK(look(tpm).lockout.lockout_auth_set);
}

void the_root_key_is_missing_unfit_or_fit() {
  Swtpm tpm;
  CHECK(look(tpm).root_key == tpm::RootKey::None);
  TPM2B_PUBLIC signing = tpm::platform_key_template();
  tpm.keep_primary(signing, tpm::kSharedRootKey);
  CHECK(look(tpm).root_key == tpm::RootKey::Unfit);
  tpm.evict(tpm::kSharedRootKey);
  (void)Person{tpm}.enroll();
  CHECK(look(tpm).root_key == tpm::RootKey::Fit);
}

void each_stored_key_is_told_apart() {
  Swtpm elsewhere, tpm(Manager::None);
  const Bytes ours = Person{tpm}.enroll().platform, theirs = Person{elsewhere}.enroll().platform;
  Bytes damaged = ours;
  damaged[60] ^= 1;  // inside of what the TPM wrapped
  const tpm::Examination found = look(tpm, {ours, theirs, Bytes(20, 1), damaged, ours});
  CHECK((found.stored ==
         std::vector{Stored::Loads, Stored::ParentChanged, Stored::Broken, Stored::Foreign, Stored::Loads}));
  std::vector<Bytes> many(64, ours);
  const tpm::Examination again = look(tpm, many);  // none is left behind in the TPM
  CHECK(std::ranges::count(again.stored, Stored::Loads) == 64);
  CHECK(look(tpm).lockout.counter == 0);
}

void a_cleared_tpm_has_lost_its_keys_and_a_new_root_key_does_not_bring_them_back() {
  Swtpm tpm;
  const Bytes before = Person{tpm}.enroll().platform;
  tpm.clear();
  CHECK(look(tpm, {before}).stored == std::vector{Stored::ParentChanged});
  const Bytes after = Person{tpm}.enroll().platform;
  CHECK((look(tpm, {before, after}).stored == std::vector{Stored::ParentChanged, Stored::Loads}));
}

void looking_costs_two_commands_a_key() {
  Swtpm tpm;
  const Bytes ours = Person{tpm}.enroll().platform;
  tpm.tap.clear();
  (void)look(tpm, {ours, ours});
  CHECK((tpm.tap.codes() == std::vector<TPM2_CC>{TPM2_CC_GetCapability, TPM2_CC_GetCapability,
                                                 TPM2_CC_ReadPublic, TPM2_CC_ReadPublic, TPM2_CC_Load,
                                                 TPM2_CC_FlushContext, TPM2_CC_Load, TPM2_CC_FlushContext}));
}

void a_tpm_that_is_silent_is_no_examination() {
  Swtpm tpm;
  tpm.stop_answering();
  TpmAuthenticator authenticator(tpm.connect(milliseconds(50)));
  CHECK(authenticator.examine({}).error().kind == ErrorKind::Timeout);
}

}  // namespace

int main() {
  tpm::harden_process();
  const CMUnitTest tests[] = {
      TEST(a_software_tpm_says_so),
      TEST(passwords_of_hierarchies_are_told_apart),
      TEST(the_root_key_is_missing_unfit_or_fit),
      TEST(each_stored_key_is_told_apart),
      TEST(a_cleared_tpm_has_lost_its_keys_and_a_new_root_key_does_not_bring_them_back),
      TEST(looking_costs_two_commands_a_key),
      TEST(a_tpm_that_is_silent_is_no_examination),
  };
  return cmocka_run_group_tests_name("tpm-examination", tests, nullptr, nullptr);
}
