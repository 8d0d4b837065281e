/// Enrolling, logging in and changing the PIN, against a real TPM.
#include <cstdio>

#include "tests/tpm_fixture.h"
#include "tpm/areas.h"
#include "tpm/platform_key.h"
#include "tpm/process.h"
#include "webauthn/cose.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

const std::vector<TPM2_CC> kThreeCommands = {TPM2_CC_StartAuthSession, TPM2_CC_Load, TPM2_CC_Sign};

void who_enrolls_can_log_in() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  CHECK(credential.aaguid == TpmAuthenticator::kAaguid);
  CHECK(credential.device.starts_with("TPM ("));
  CHECK(!credential.backup_eligible && !credential.backed_up && credential.counter == 0);
  CHECK(anna.can_log_in(credential));
}

void a_login_costs_three_commands_and_one_line() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  CHECK(anna.can_log_in(credential));  // the first use after a start may be told to retry
  tpm.tap.clear();
  CHECK(anna.can_log_in(credential));
  std::printf("commands of one login: %zu\n", tpm.tap.exchanges.size());
  CHECK(tpm.tap.codes() == kThreeCommands);
  CHECK(tpm.tap.lines_opened == 1);
}

void a_pin_change_costs_three_commands() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  tpm.tap.clear();
  MUST(tpm.authenticator().change_pin(credential.platform, anna.secret(), MUST(Secret::parse("new pin"))));
  std::printf("commands of one PIN change: %zu\n", tpm.tap.exchanges.size());
  CHECK((tpm.tap.codes() ==
         std::vector<TPM2_CC>{TPM2_CC_StartAuthSession, TPM2_CC_Load, TPM2_CC_ObjectChangeAuth}));
}

void the_lockout_state_costs_one_command() {
  Swtpm tpm;
  tpm.set_dictionary_attack_parameters(32, 600, 86400);
  tpm.tap.clear();
  const tpm::DictionaryAttackState state = tpm.state();
  CHECK(tpm.tap.codes() == std::vector<TPM2_CC>{TPM2_CC_GetCapability});
  CHECK(!state.in_lockout && !state.lockout_auth_set && state.counter == 0);
  CHECK(state.max_tries == 32);
  CHECK(state.interval == std::chrono::seconds(600) && state.recovery == std::chrono::seconds(86400));
}

void a_hundred_logins_leave_nothing_in_the_tpm() {
  for (const Manager manager : {Manager::None, Manager::LikeTheKernels}) {
    Swtpm tpm(manager);
    tpm.set_dictionary_attack_parameters(1000, 600, 86400);
    Person anna{tpm};
    const Credential credential = anna.enroll();
    for (int login = 0; login < 100; ++login) {
      anna.pin = login % 4 == 0 ? "wrong pin" : "472913";
      if (login % 4 == 0)
        CHECK(anna.failure(credential) == ErrorKind::PinWrong);
      else
        CHECK(anna.can_log_in(credential));
    }
  }
}

void a_wrong_pin_is_named_and_counted_and_the_right_one_still_works() {
  Swtpm tpm;
  tpm.set_dictionary_attack_parameters(32, 600, 86400);
  Person anna{tpm};
  const Credential credential = anna.enroll();
  CHECK(tpm.state().counter == 0);
  anna.pin = "472914";
  CHECK(anna.failure(credential) == ErrorKind::PinWrong);
  CHECK(tpm.state().counter == 1);
  anna.pin = "472913";
  CHECK(anna.can_log_in(credential));
  CHECK(tpm.state().counter == 1);  // only time takes it back
}

void a_pin_that_cannot_be_one_is_never_sent() {
  Swtpm tpm;
  Person anna{tpm};
  const Credential credential = anna.enroll();
  TpmAuthenticator authenticator = tpm.authenticator();
  tpm.tap.clear();
  for (const std::string &bad : {std::string("12345"), std::string(64, '1'), std::string("12345\xff")}) {
    anna.pin = bad;
    CHECK(anna.failure(credential) == ErrorKind::PinInvalid);
    CHECK(anna.try_enroll(authenticator).error().kind == ErrorKind::PinInvalid);
    const Secret good = MUST(Secret::parse("472913"));
    CHECK(authenticator.change_pin(credential.platform, anna.secret(), good).error().kind ==
          ErrorKind::PinInvalid);
    CHECK(authenticator.change_pin(credential.platform, good, anna.secret()).error().kind ==
          ErrorKind::PinInvalid);
  }
  SilentCues cues;
  AssertionRequest request{.rp_id = anna.rp_id, .client_data = "{}"};
  request.allowed.push_back({.id = credential.id, .platform = credential.platform});
  CHECK(authenticator.prove(request, nullptr, cues).error().kind == ErrorKind::PinRequired);
  CHECK(tpm.tap.lines_opened == 0);

  for (const std::string &good : {std::string("123456"), std::string(63, '1')}) {
    anna.pin = good;
    CHECK(anna.can_log_in(anna.enroll()));
  }
}

void after_a_pin_change_only_the_new_pin_opens_the_new_blob() {
  Swtpm tpm;
  tpm.set_dictionary_attack_parameters(32, 600, 86400);
  Person anna{tpm};
  const Credential before = anna.enroll();
  Credential after = before;
  after.platform = MUST(
      tpm.authenticator().change_pin(before.platform, anna.secret(), MUST(Secret::parse("correct horse"))));
  CHECK(after.platform != before.platform);
  CHECK(anna.failure(after) == ErrorKind::PinWrong);
  CHECK(anna.can_log_in(before));  // as change_pin's description warns
  anna.pin = "correct horse";
  CHECK(anna.can_log_in(after));
  CHECK(anna.failure(before) == ErrorKind::PinWrong);
}

void a_pin_change_needs_the_old_pin() {
  Swtpm tpm;
  tpm.set_dictionary_attack_parameters(32, 600, 86400);
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  const Secret wrong = MUST(Secret::parse("999999")), next = MUST(Secret::parse("correct horse"));
  const Result<Bytes> changed = tpm.authenticator().change_pin(credential.platform, wrong, next);
  CHECK(!changed && changed.error().kind == ErrorKind::PinWrong);
  CHECK(tpm.state().counter == 1);
  CHECK(anna.can_log_in(credential));
}

void an_authorization_value_that_ends_in_zeros_works() {
  Swtpm tpm;
  Person anna{tpm};
  Credential credential = anna.enroll();
  tpm::PlatformKey key = MUST(tpm::PlatformKey::parse(credential.platform));
  Secret value;
  for (int number = 100'000; value.size() != 31 && number < 110'000; ++number) {
    anna.pin = std::to_string(number);
    value = MUST(tpm::auth_value(key.salt, anna.secret()));
  }
  CHECK(value.size() == 31);
  {  // a key with the same salt and this PIN, as enrolling would make it
    tpm::Conversation admin = tpm.admin();
    const ESYS_TR parent = MUST(admin.refer_to(key.parent));
    tpm::Transient session = MUST(admin.start_session(parent));
    const auto made = MUST(admin.create(parent, session, value));
    key.wrapped = made.wrapped;
    key.area = made.area;
  }
  const tpm::Point point = tpm::point_of(key.area);
  credential.id = MUST(key.credential_id());
  credential.key.cose = es256_cose(point.x, point.y);
  credential.platform = MUST(key.serialize());
  CHECK(anna.can_log_in(credential));
  CHECK(tpm.authenticator().change_pin(credential.platform, anna.secret(), MUST(Secret::parse("another"))));
}

void a_second_credential_of_the_same_person_is_refused() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential first = anna.enroll();
  TpmAuthenticator authenticator = tpm.authenticator();
  CHECK(anna.try_enroll(authenticator, {Bytes(48, 7), first.id}).error().kind == ErrorKind::AlreadyExists);
  CHECK(anna.try_enroll(authenticator, {Bytes(48, 7), Bytes(16, 7), Bytes()}));
}

void credentials_that_are_not_ours_are_left_to_others() {
  Swtpm tpm;
  const Person anna{tpm};
  AssertionRequest request{.rp_id = anna.rp_id, .client_data = "{}"};
  request.allowed.push_back({.id = Bytes(64, 1)});
  SilentCues cues;
  const Secret pin = anna.secret();
  CHECK(!MUST(tpm.authenticator().prove(request, &pin, cues)));
  CHECK(tpm.tap.lines_opened == 0);
}

void a_credential_of_another_machine_does_not_hide_ours() {
  Swtpm elsewhere, tpm;
  const Person there{elsewhere}, anna{tpm};
  const Credential foreign = there.enroll(), ours = anna.enroll();
  Challenge asked = anna.challenge(Ceremony::Get);
  AssertionRequest request{.rp_id = anna.rp_id, .client_data = asked.client_data()};
  request.allowed.push_back({.id = foreign.id, .platform = foreign.platform});
  request.allowed.push_back({.id = ours.id, .platform = ours.platform});
  SilentCues cues;
  const Secret pin = anna.secret();
  const std::optional<Assertion> assertion = MUST(tpm.authenticator().prove(request, &pin, cues));
  CHECK(assertion && assertion->credential_id == ours.id);
  CHECK(verify(ours, std::move(asked), *assertion, BootTime{0}).verdict == Verdict::Granted);
  CHECK(tpm.state().counter == 0);
}

void the_key_cannot_leave_the_tpm_and_guesses_at_it_count() {
  Swtpm tpm;
  const Person anna{tpm};
  const tpm::PlatformKey key = MUST(tpm::PlatformKey::parse(anna.enroll().platform));
  CHECK(key.area.publicArea.objectAttributes == 0x40072);
  CHECK(key.parent.handle == 0x81000001);
  CHECK(key.parent.area.publicArea.objectAttributes == 0x30472);
}

void the_reference_we_write_is_the_one_the_library_writes() {
  Swtpm tpm;
  const Person anna{tpm};
  const tpm::Parent parent = MUST(tpm::PlatformKey::parse(anna.enroll().platform)).parent;
  const tpm::Conversation admin = tpm.admin();
  ESYS_TR key = ESYS_TR_NONE;
  CHECK_RC(
      Esys_TR_FromTPMPublic(admin.esys(), parent.handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &key));
  std::uint8_t *written = nullptr;
  std::size_t size = 0;
  CHECK_RC(Esys_TR_Serialize(admin.esys(), key, &written, &size));
  const tpm::FromEsys<std::uint8_t> owned(written);
  CHECK(MUST(tpm::esys_form(parent)) == Bytes(written, written + size));
  TPM2B_NAME *name = nullptr;
  CHECK_RC(Esys_TR_GetName(admin.esys(), key, &name));
  const tpm::FromEsys<TPM2B_NAME> owned_name(name);
  CHECK(MUST(tpm::name_of(parent.area)) == Bytes(name->name, name->name + name->size));
}

void a_tpm_named_by_its_socket_works() {
  Swtpm tpm(Manager::None);
  const Person anna{tpm};
  const ListeningSwtpm named;
  TpmAuthenticator authenticator(named.tcti());
  Challenge asked = anna.challenge(Ceremony::Create);
  const RegistrationRequest request{
      .rp_id = anna.rp_id, .client_data = asked.client_data(), .user_handle = Bytes(16, 1)};
  SilentCues cues;
  const Secret pin = anna.secret();
  const Registration made = MUST(authenticator.enroll(request, &pin, cues));
  Credential credential = MUST(verify_registration(std::move(asked), made, BootTime{0}));
  credential.state = CredentialState::Active;
  for (int login = 0; login < 10; ++login)
    CHECK(MUST(anna.log_in(credential, authenticator)).verdict == Verdict::Granted);
}

void the_time_a_login_takes_is_told() {
  Swtpm tpm;
  const Person anna{tpm};
  const Credential credential = anna.enroll();
  const auto start = std::chrono::steady_clock::now();
  constexpr int kLogins = 50;
  for (int login = 0; login < kLogins; ++login) CHECK(anna.can_log_in(credential));
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
  std::printf("one login on swtpm: %.2f ms (mean of %d)\n", spent.count() / kLogins, kLogins);
}

}  // namespace

int main() {
  tpm::harden_process();
  const CMUnitTest tests[] = {
      TEST(who_enrolls_can_log_in),
      TEST(a_login_costs_three_commands_and_one_line),
      TEST(a_pin_change_costs_three_commands),
      TEST(the_lockout_state_costs_one_command),
      TEST(a_hundred_logins_leave_nothing_in_the_tpm),
      TEST(a_wrong_pin_is_named_and_counted_and_the_right_one_still_works),
      TEST(a_pin_that_cannot_be_one_is_never_sent),
      TEST(after_a_pin_change_only_the_new_pin_opens_the_new_blob),
      TEST(a_pin_change_needs_the_old_pin),
      TEST(an_authorization_value_that_ends_in_zeros_works),
      TEST(a_second_credential_of_the_same_person_is_refused),
      TEST(credentials_that_are_not_ours_are_left_to_others),
      TEST(a_credential_of_another_machine_does_not_hide_ours),
      TEST(the_key_cannot_leave_the_tpm_and_guesses_at_it_count),
      TEST(the_reference_we_write_is_the_one_the_library_writes),
      TEST(a_tpm_named_by_its_socket_works),
      TEST(the_time_a_login_takes_is_told),
  };
  return cmocka_run_group_tests_name("tpm-login", tests, nullptr, nullptr);
}
