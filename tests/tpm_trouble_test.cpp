/// TPMs that were cleared, replaced, locked, unplugged, wedged or without power, and blobs that are not what
/// they were: each has a name, and none opens anything.
#include <algorithm>
#include <set>

#include "tests/tpm_fixture.h"
#include "tpm/areas.h"
#include "tpm/parent.h"
#include "tpm/platform_key.h"
#include "tpm/process.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

/// Another root key than root_key_template() makes.
TPM2B_PUBLIC other_root_key() {
  TPM2B_PUBLIC area = tpm::root_key_template();
  area.publicArea.unique.ecc.x.buffer[0] = 1;
  return area;
}

TPM2B_PUBLIC rsa_root_key() {
  TPM2B_PUBLIC area = tpm::root_key_template();
  const TPMT_SYM_DEF_OBJECT inner = area.publicArea.parameters.eccDetail.symmetric;
  area.publicArea.type = TPM2_ALG_RSA;
  area.publicArea.unique = {};
  area.publicArea.parameters = {};
  TPMS_RSA_PARMS &rsa = area.publicArea.parameters.rsaDetail;
  rsa.symmetric = inner;
  rsa.scheme.scheme = TPM2_ALG_NULL;
  rsa.keyBits = 2048;
  return area;
}

void after_a_clear_the_person_is_told_that_the_tpm_was_reset() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  tpm.clear();
  CHECK(anna.failure(credential) == ErrorKind::TpmKeyForeign);
  const Credential again = anna.enroll({credential.id});  // the old one no longer lives here
  CHECK(anna.failure(credential) == ErrorKind::TpmParentChanged);
  CHECK(anna.can_log_in(again));
}

void a_replaced_tpm_is_told_from_a_wrong_pin() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  tpm.replace();
  CHECK(anna.failure(credential) == ErrorKind::TpmKeyForeign);
  tpm.keep_primary(tpm::root_key_template(), tpm::kSharedRootKey);
  CHECK(anna.failure(credential) == ErrorKind::TpmParentChanged);
  CHECK(tpm.state().counter == 0);
}

void another_root_key_is_named_and_costs_no_try() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  for (const TPM2B_PUBLIC &other : {other_root_key(), rsa_root_key()}) {
    tpm.evict(tpm::kSharedRootKey);
    tpm.keep_primary(other, tpm::kSharedRootKey);
    tpm.tap.clear();
    CHECK(anna.failure(credential) == ErrorKind::TpmParentChanged);
    CHECK(tpm.tap.count(TPM2_CC_Sign) == 0);
  }
  CHECK(tpm.state().counter == 0);
  tpm.evict(tpm::kSharedRootKey);
  tpm.keep_primary(tpm::root_key_template(), tpm::kSharedRootKey);
  CHECK(anna.can_log_in(credential));  // the old one is back, and so is the credential
}

void a_root_key_pinned_wrongly_costs_no_try() {
  Swtpm tpm;
  const Person anna{tpm};
  Credential credential = anna.enroll();
  tpm::PlatformKey key = MUST(tpm::PlatformKey::parse(credential.platform));
  tpm.keep_primary(other_root_key(), tpm::kOwnRootKey);
  {
    tpm::Conversation admin = tpm.admin();
    key.parent.area = MUST(tpm::find_or_make_parent(admin, tpm::kOwnRootKey))->area;
  }
  credential.id = MUST(key.credential_id());
  credential.platform = MUST(key.serialize());
  tpm.tap.clear();
  CHECK(anna.failure(credential) == ErrorKind::TpmParentChanged);
  CHECK(tpm.tap.count(TPM2_CC_Load) == 1 && tpm.tap.count(TPM2_CC_Sign) == 0);
  CHECK(tpm.state().counter == 0);
}

void an_rsa_root_key_serves_as_well() {
  Swtpm tpm;
  tpm.keep_primary(rsa_root_key(), tpm::kSharedRootKey);
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  CHECK(MUST(tpm::PlatformKey::parse(credential.platform)).parent.area.publicArea.type == TPM2_ALG_RSA);
  CHECK(anna.can_log_in(credential));
  tpm.evict(tpm::kSharedRootKey);
  TPM2B_PUBLIC other = rsa_root_key();
  other.publicArea.unique.rsa.size = 256;
  tpm.keep_primary(other, tpm::kSharedRootKey);
  CHECK(anna.failure(credential) == ErrorKind::TpmParentChanged);
}

void an_unfit_key_in_the_root_keys_place_is_left_alone() {
  TPM2B_PUBLIC guarded = tpm::root_key_template();
  guarded.publicArea.objectAttributes &= ~TPMA_OBJECT_NODA;
  for (const TPM2B_PUBLIC &unfit : {tpm::platform_key_template(), guarded}) {
    Swtpm tpm;
    tpm.keep_primary(unfit, tpm::kSharedRootKey);
    const Person anna{tpm};
    const Credential credential = anna.enroll();
    CHECK(MUST(tpm::PlatformKey::parse(credential.platform)).parent.handle == tpm::kOwnRootKey);
    CHECK(anna.can_log_in(credential));
    tpm.evict(tpm::kSharedRootKey);  // it was still there
  }
}

void a_root_key_with_a_password_is_left_for_our_own() {
  Swtpm tpm;
  tpm.keep_primary(tpm::root_key_template(), tpm::kSharedRootKey, MUST(Secret::parse("guarded")));
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  CHECK(MUST(tpm::PlatformKey::parse(credential.platform)).parent.handle == tpm::kOwnRootKey);
  CHECK(anna.can_log_in(credential));
}

void an_owner_password_is_named_unless_there_is_a_root_key_already() {
  Swtpm tpm;
  const TPM2B_AUTH password = {.size = 4, .buffer = {'a', 'b', 'c', 'd'}};
  {
    const tpm::Conversation admin = tpm.admin();
    CHECK_RC(Esys_HierarchyChangeAuth(admin.esys(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                      ESYS_TR_NONE, &password));
  }
  const Person anna{tpm};
  TpmAuthenticator authenticator = tpm.authenticator();
  CHECK(anna.try_enroll(authenticator).error().kind == ErrorKind::NotConfigured);
}

void in_lockout_even_the_right_pin_is_refused_and_named() {
  Swtpm tpm;
  tpm.set_dictionary_attack_parameters(4, 600, 86400);
  Person anna{tpm};
  const Credential credential = anna.enroll();
  anna.pin = "wrong pin";
  for (int guess = 0; guess < 4; ++guess) {
    const bool room = static_cast<bool>(tpm::room_for_a_try(tpm.state()));
    CHECK(room == (guess < 2));  // two are left for others
    if (!room) CHECK(tpm::room_for_a_try(tpm.state()).error().kind == ErrorKind::TpmNearLockout);
    CHECK(anna.failure(credential) == ErrorKind::PinWrong);
  }
  anna.pin = "472913";
  CHECK(anna.failure(credential) == ErrorKind::TpmLockout);
  CHECK(tpm.state().in_lockout);
  CHECK(tpm::room_for_a_try(tpm.state()).error().kind == ErrorKind::TpmLockout);
}

void a_tpm_that_is_gone_is_no_device() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  tpm.cut_power();
  CHECK(anna.failure(credential) == ErrorKind::NoDevice);
  TpmAuthenticator authenticator = tpm.authenticator();
  CHECK(anna.try_enroll(authenticator).error().kind == ErrorKind::NoDevice);
  CHECK(authenticator.dictionary_attack_state().error().kind == ErrorKind::NoDevice);
}

void a_wedged_tpm_is_a_timeout_and_never_a_hang() {
  Swtpm tpm;
  tpm.set_dictionary_attack_parameters(32, 600, 86400);  // a power cut can cost a try
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  for (const std::size_t answers : {0, 1, 2}) {
    CHECK(anna.can_log_in(credential));
    tpm.tap.clear();
    if (answers == 0) tpm.stop_answering();
    tpm.tap.meddle = [&](std::size_t at, Bytes &) {
      if (at + 1 == answers) tpm.stop_answering();
    };
    const Result<Verification> login =
        anna.log_in(credential, TpmAuthenticator(tpm.connect(std::chrono::milliseconds(300))));
    tpm.tap.meddle = nullptr;
    CHECK(!login && login.error().kind == ErrorKind::Timeout);
    CHECK(tpm.tap.exchanges.size() == answers + 1);
    tpm.cut_power();
    tpm.start();
  }
  CHECK(anna.can_log_in(credential));
}

void a_power_cut_at_any_point_of_a_login_costs_only_that_login() {
  Swtpm tpm;
  tpm.set_dictionary_attack_parameters(32, 600, 86400);
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  for (std::size_t answers = 1; answers <= 3; ++answers) {
    tpm.tap.clear();
    tpm.tap.meddle = [&](std::size_t at, Bytes &) {
      if (at + 1 == answers) tpm.cut_power();
    };
    const Result<Verification> login = anna.log_in(credential);
    tpm.tap.meddle = nullptr;
    if (answers < 3) CHECK(!login && login.error().kind == ErrorKind::NoDevice);
    tpm.start();
    CHECK(anna.can_log_in(credential));
  }
}

void a_power_cut_at_any_point_of_an_enrollment_leaves_a_tpm_that_enrolls() {
  for (std::size_t answers = 1; answers <= 9; ++answers) {
    Swtpm tpm;
    const Person anna{tpm};
    TpmAuthenticator authenticator = tpm.authenticator();
    tpm.tap.meddle = [&](std::size_t at, Bytes &) {
      if (at + 1 == answers) tpm.cut_power();
    };
    const Result<Registration> made = anna.try_enroll(authenticator);
    tpm.tap.meddle = nullptr;
    tpm.start();
    CHECK(anna.can_log_in(anna.enroll()));
  }
}

void a_power_cut_during_a_pin_change_leaves_the_old_pin() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  tpm.tap.clear();
  tpm.tap.meddle = [&](std::size_t at, Bytes &) {
    if (at == 1) tpm.cut_power();
  };
  CHECK(!tpm.authenticator().change_pin(credential.platform, anna.secret(),
                                        MUST(Secret::parse("correct horse"))));
  tpm.tap.meddle = nullptr;
  tpm.start();
  CHECK(anna.can_log_in(credential));
}

void a_full_tpm_is_busy_and_not_a_wrong_pin() {
  Swtpm tpm(Manager::None);
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  const tpm::Conversation admin = tpm.admin();
  std::vector<tpm::Transient> sessions;
  for (int session = 0; session < 3; ++session) {
    ESYS_TR object = ESYS_TR_NONE;
    const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
    CHECK_RC(Esys_StartAuthSession(admin.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                   ESYS_TR_NONE, nullptr, TPM2_SE_HMAC, &none, TPM2_ALG_SHA256, &object));
    sessions.push_back(admin.adopt(object));
  }
  CHECK(anna.failure(credential) == ErrorKind::Busy);
  sessions.clear();
  CHECK(anna.can_log_in(credential));
}

void a_blob_with_any_byte_changed_is_refused_by_name_and_costs_no_try() {
  Swtpm tpm;
  tpm.set_dictionary_attack_parameters(10'000, 600, 86400);
  const Person anna{tpm};
  const Credential good = anna.enroll();
  const std::size_t salt_starts = good.platform.size() - tpm::kSaltBytes;
  const std::set<ErrorKind> named = {ErrorKind::Corrupt, ErrorKind::TpmKeyForeign,
                                     ErrorKind::TpmParentChanged};
  for (std::size_t byte = 0; byte < salt_starts; ++byte) {
    Credential damaged = good;
    damaged.platform[byte] ^= static_cast<std::uint8_t>(1 << byte % 8);
    const ErrorKind kind = anna.failure(damaged);
    if (!named.contains(kind))
      fail_at(__FILE__, __LINE__, "byte " + std::to_string(byte) + ": " + std::string(name_of(kind)));
  }
  CHECK(tpm.state().counter == 0);
  Credential damaged = good;
  damaged.platform.back() ^= 1;  // the salt: as if the PIN were another
  CHECK(anna.failure(damaged) == ErrorKind::PinWrong);
  CHECK(anna.can_log_in(good));
}

void a_blob_that_is_cut_or_too_long_is_corrupt_and_reaches_no_tpm() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential good = anna.enroll();
  tpm.tap.clear();
  Credential damaged = good;
  for (std::size_t size = 1; size < good.platform.size(); ++size) {
    damaged.platform.assign(good.platform.begin(), good.platform.begin() + static_cast<long>(size));
    CHECK(anna.failure(damaged) == ErrorKind::Corrupt);
  }
  for (const std::size_t extra : {1, 4096, 1 << 20}) {
    damaged.platform = good.platform;
    damaged.platform.resize(good.platform.size() + extra);
    CHECK(anna.failure(damaged) == ErrorKind::Corrupt);
  }
  CHECK(tpm.tap.lines_opened == 0);
}

void the_blob_of_another_credential_is_refused() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential first = anna.enroll(), second = anna.enroll();
  Credential mixed = first;
  mixed.platform = second.platform;
  CHECK(anna.failure(mixed) == ErrorKind::Corrupt);

  tpm::PlatformKey key = MUST(tpm::PlatformKey::parse(first.platform));
  key.wrapped = MUST(tpm::PlatformKey::parse(second.platform)).wrapped;
  mixed.platform = MUST(key.serialize());
  CHECK(anna.failure(mixed) == ErrorKind::TpmKeyForeign);
}

}  // namespace

int main() {
  tpm::harden_process();
  const CMUnitTest tests[] = {
      TEST(after_a_clear_the_person_is_told_that_the_tpm_was_reset),
      TEST(a_replaced_tpm_is_told_from_a_wrong_pin),
      TEST(another_root_key_is_named_and_costs_no_try),
      TEST(a_root_key_pinned_wrongly_costs_no_try),
      TEST(an_rsa_root_key_serves_as_well),
      TEST(an_unfit_key_in_the_root_keys_place_is_left_alone),
      TEST(a_root_key_with_a_password_is_left_for_our_own),
      TEST(an_owner_password_is_named_unless_there_is_a_root_key_already),
      TEST(in_lockout_even_the_right_pin_is_refused_and_named),
      TEST(a_tpm_that_is_gone_is_no_device),
      TEST(a_wedged_tpm_is_a_timeout_and_never_a_hang),
      TEST(a_power_cut_at_any_point_of_a_login_costs_only_that_login),
      TEST(a_power_cut_at_any_point_of_an_enrollment_leaves_a_tpm_that_enrolls),
      TEST(a_power_cut_during_a_pin_change_leaves_the_old_pin),
      TEST(a_full_tpm_is_busy_and_not_a_wrong_pin),
      TEST(a_blob_with_any_byte_changed_is_refused_by_name_and_costs_no_try),
      TEST(a_blob_that_is_cut_or_too_long_is_corrupt_and_reaches_no_tpm),
      TEST(the_blob_of_another_credential_is_refused),
  };
  return cmocka_run_group_tests_name("tpm-trouble", tests, nullptr, nullptr);
}
